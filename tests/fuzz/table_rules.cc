// table_rules.cc - whatever stands in a file of rules, and whatever is asked, cidr and regexp
// tables answer.
//
// The input is a type, keys and rules. regcomp(3) and regexec(3) take as much memory and time as a
// pattern asks for; that is the administrator's affair and not looked for here: patterns are short,
// with one interval at most and without back-references.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "quiet_start.h"
#include "tables/table.h"
#include "util/in_memory_file.h"
#include "util/msg.h"
#include "util/text.h"

namespace {

using namespace handoff;

constexpr std::size_t kLongestRules = 400;
constexpr std::size_t kLongestKey = 40;
constexpr int kMostKeys = 4;
constexpr int kMostRepetitions = 6;

bool is_costly(const std::string& rules) {
  for (std::size_t i = 0; i + 1 < rules.size(); ++i)
    if (rules[i] == '\\' && util::is_digit(rules[i + 1])) return true;
  const auto count = [&](char c) { return std::ranges::count(rules, c); };
  return count('{') > 1 || count('*') + count('+') > kMostRepetitions;
}

void run(FuzzedDataProvider& input) {
  const bool cidr = input.ConsumeBool();
  const bool in_name = input.ConsumeBool();
  std::string keys[kMostKeys];
  for (std::string& key : keys) key = input.ConsumeRandomLengthString(kLongestKey);
  const std::string rules = input.ConsumeRemainingBytesAsString().substr(0, kLongestRules);
  if (!cidr && is_costly(rules)) return;
  const auto file = util::in_memory_file("rules", rules);
  if (!file) msg::panic("{}", file.error().what);
  const std::string name =
      in_name ? "{" + rules + "}" : "/proc/self/fd/" + std::to_string(file->get());
  const auto table = tables::try_open_table((cidr ? "cidr:" : "regexp:") + name);
  if (!table) return;
  for (const std::string& key : keys)
    if (!(*table)->lookup(key)) msg::panic("rules always know an answer");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  run(input);
  return 0;
}
