// master_cf.cc - whatever stands in master.cf, master(8) reads or refuses it, and what postconf(1)
// writes is what it has read.
#include "master/master_cf.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "postconf/master_entry.h"
#include "quiet_start.h"
#include "util/line_document.h"
#include "util/msg.h"

namespace {

using namespace handoff;
using postconf::Folding;
using postconf::MasterEntry;

void require(bool holds, const char* what) {
  if (!holds) msg::panic("{}", what);
}

std::string as_one_logical_line(const std::string& text) {
  const util::LineDocument document(text);
  require(document.entries().size() == 1, "an entry is written as several");
  return document.entries().front().text;
}

// Braces that do not match cannot be written so that they do.
bool balanced(std::string_view text) {
  int depth = 0;
  for (const char c : text) {
    if (c == '{') ++depth;
    if (c == '}' && --depth < 0) return false;
  }
  return depth == 0;
}

// Also "-a{o=b}", which is "-a{ -o =b}".
bool balanced(const MasterEntry& entry) {
  const auto is_balanced = [](const MasterEntry::Option& option) {
    return balanced(option.text) && balanced(option.value.value_or(""));
  };
  const auto text_is_balanced = [](const std::string& text) { return balanced(text); };
  return std::ranges::all_of(entry.fields, text_is_balanced) &&
         std::ranges::all_of(entry.options, is_balanced) &&
         std::ranges::all_of(entry.rest, text_is_balanced);
}

void rewrite(const std::string& text) {
  const auto entry = postconf::parse_master_entry(text);
  if (!entry || !balanced(text) || !balanced(*entry)) return;
  for (const Folding folding : {Folding::OneLine, Folding::Folded}) {
    const std::string written = postconf::format_master_entry(*entry, folding);
    const auto again = postconf::parse_master_entry(as_one_logical_line(written));
    require(again.has_value(), "what was written is malformed");
    require(*again == *entry, "what was written is something else");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  master::EntryDefaults defaults;
  defaults.disabled = {"!smtp/inet", "inet"};
  (void)master::parse_master_cf(text, "master.cf", defaults);
  const util::LineDocument document(text);
  for (const auto& entry : document.entries()) rewrite(entry.text);
  return 0;
}
