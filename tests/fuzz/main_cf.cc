// main_cf.cc - whatever stands in main.cf, it is read, expanded, searched and edited.
//
// Besides what sanitizers find: a file that is not changed stays the same bytes, a setting that is
// changed has the new value when it is read again, and nothing else has become different.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "global/bad_values.h"
#include "global/config.h"
#include "global/config_expand.h"
#include "postconf/table_references.h"
#include "quiet_start.h"
#include "util/line_document.h"
#include "util/msg.h"
#include "util/text_file.h"

namespace {

using namespace handoff;
using global::Config;

constexpr std::size_t kMostValues = 20;
constexpr std::string_view kNewValue = "new  value";
constexpr std::string_view kAppended = "appended";

void require(bool holds, const char* what) {
  if (!holds) msg::panic("{}", what);
}

void use_values(const Config& config) {
  std::size_t count = 0;
  for (const auto& [name, setting] : config.settings()) {
    if (++count > kMostValues) return;
    (void)config.value(name);  // a mistake is as good as a value
    (void)global::visit_macros(setting.value, [](std::string_view) {});
    postconf::visit_table_references(setting.value, "main.cf",
                                     [](const postconf::TableReference&) {});
  }
}

// All but those that lead to files and to the network.
void check_values(Config config) {
  config.set("inet_interfaces", "127.0.0.1");
  config.set("mynetworks", "127.0.0.0/8");
  config.set("myorigin", "example.test");
  (void)global::find_bad_values(config);
}

std::string name_of(std::string_view line) {
  return std::string(line.substr(0, line.find_first_of("= \t\r\n\v\f")));
}

// main.cf cannot change these.
bool is_set_by_programs(std::string_view name) {
  return name == "config_directory" || name == "process_name" || name == "process_id" ||
         name == "service_name";
}

// As postconf -e does it.
void edit(std::string_view text, const Config& before) {
  util::LineDocument document(text);
  require(document.entries().size() == util::logical_lines(text, "main.cf").size(),
          "entries are not logical lines");
  if (document.entries().empty()) return;
  const std::string name = name_of(document.first_line(document.entries().front()));
  for (const auto& entry : document.entries()) {
    if (name_of(document.first_line(entry)) == name)
      document.replace(entry, name + " = " + std::string(kNewValue));
  }
  document.append(std::string(kAppended) + " = yes");
  const auto after = Config::from_text(document.text());
  require(after.has_value(), "an edited file is malformed");
  if (is_set_by_programs(name) || name == kAppended) return;
  require(after->find(name) != nullptr && after->find(name)->value == kNewValue,
          "the new value is not there");
  require(after->find(kAppended)->value == "yes", "the new entry is not there");
  for (const auto& [other, setting] : before.settings()) {
    if (other == name || other == kAppended || setting.file.empty()) continue;
    const auto* kept = after->find(other);
    require(kept != nullptr && kept->value == setting.value, "another entry has changed");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(util::LineDocument(text).text() == text, "an unchanged file has changed");
  const auto config = Config::from_text(text);
  if (!config) return 0;
  use_values(*config);
  check_values(*config);
  edit(text, *config);
  return 0;
}
