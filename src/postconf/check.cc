#include "postconf/check.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "global/bad_values.h"
#include "global/config.h"
#include "global/mail_owner.h"
#include "global/main_cf_text.h"
#include "global/params.h"
#include "global/transport_params.h"
#include "postconf/master_entry.h"
#include "util/msg.h"
#include "util/result.h"
#include "util/text_file.h"

namespace handoff::postconf {
namespace {

class Check {
 public:
  explicit Check(const global::Config& config)
      : config_(config), master_cf_(config.directory() + "/master.cf") {}

  void main_cf();
  void master_cf();
  [[nodiscard]] bool found_something() const { return found_; }

 private:
  void note(const util::Status& status);
  void accounts_and_names();
  void entry(const MasterEntry& entry, int line);
  void override_of(const MasterEntry& entry, const std::string& text, int line);

  const global::Config& config_;
  std::string master_cf_;
  bool found_ = false;
};

void Check::note(const util::Status& status) {
  if (status) return;
  msg::warn("{}", status.error().what);
  found_ = true;
}

void Check::main_cf() {
  for (const util::Error& bad : global::find_bad_values(config_)) note(bad);
  if (!found_) accounts_and_names();
}

// As every daemon does once it has its parameters.
void Check::accounts_and_names() {
  const auto params = global::try_load_params(config_, "postconf");
  if (!params) return note(params.error());
  if (const auto owner = global::try_check_installation(config_, *params); !owner)
    note(owner.error());
}

void Check::master_cf() {
  const auto text = util::read_text_file(master_cf_);
  if (!text) return note(text.error());
  for (const util::LogicalLine& line : util::logical_lines(*text, master_cf_)) {
    const auto parsed = parse_master_entry(line.text);
    if (parsed)
      entry(*parsed, line.number);
    else
      note(util::Error::syntax(
          fmt::format("{}: line {}: {}", master_cf_, line.number, parsed.error().what)));
  }
}

void Check::entry(const MasterEntry& entry, int line) {
  for (const global::TransportParam& param : global::transport_params())
    note(global::check_transport_param(config_, entry.fields[MasterEntry::Service], param));
  for (const MasterEntry::Option& option : entry.options)
    if (option.value) override_of(entry, *option.value, line);
}

// By the rules of the program that gets it.
void Check::override_of(const MasterEntry& entry, const std::string& text, int line) {
  global::Config config = config_;
  if (util::Status set = config.override_with(text); !set) {
    return note(
        util::Error::syntax(fmt::format("{}: line {}: {}", master_cf_, line, set.error().what)));
  }
  const std::string name(global::parse_assignment(text)->name);
  const global::ParamSpec* spec = global::find_param(name);
  if (spec == nullptr || !spec->read_by(entry.fields[MasterEntry::Program])) return;
  config.set(name, {config.find(name)->value, master_cf_, line});
  note(global::try_check_like(config, name, *spec));
}

}  // namespace

int check_all_values() {
  global::ConfigOptions options;
  options.process_name = "postconf";
  const global::Config config = global::Config::load(options);
  Check check(config);
  check.main_cf();
  check.master_cf();
  return check.found_something() ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace handoff::postconf
