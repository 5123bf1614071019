// regexp:/path: the expressions of regcomp(3).
#include <regex.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tables/pattern_table.h"
#include "tables/table_types.h"

namespace handoff::tables {
namespace {

namespace flag = plugin::expression_flag;
using plugin::Expressions;
using plugin::Group;
using plugin::Outcome;
using plugin::Sink;
using plugin::Text;

const regex_t& expression_of(void* expression) {
  return *static_cast<const regex_t*>(expression);
}

void tell(Sink reason, int code, const regex_t& expression) {
  std::array<char, 200> text{};
  regerror(code, &expression, text.data(), text.size());
  reason.put(reason.context, {text.data(), std::char_traits<char>::length(text.data())});
}

Outcome compile(Text pattern, std::uint32_t flags, void** expression, Sink reason) {
  const int options = ((flags & flag::kIgnoreCase) != 0 ? REG_ICASE : 0) |
                      ((flags & flag::kManyLines) != 0 ? REG_NEWLINE : 0) |
                      ((flags & flag::kExtended) != 0 ? REG_EXTENDED : 0);
  auto made = std::make_unique<regex_t>();
  const int code = regcomp(made.get(), std::string(pattern.data, pattern.size).c_str(), options);
  if (code != 0) {
    tell(reason, code, *made);
    return Outcome::Config;
  }
  *expression = made.release();
  return Outcome::Done;
}

std::size_t count_groups(void* expression) {
  return expression_of(expression).re_nsub;
}

Group group_of(const regmatch_t& match) {
  if (match.rm_so < 0) return {plugin::kUnset, plugin::kUnset};
  return {static_cast<std::size_t>(match.rm_so), static_cast<std::size_t>(match.rm_eo)};
}

Outcome match(void* expression, Text subject, Group* groups, std::size_t count, Sink reason) {
  const std::string key(subject.data, subject.size);
  std::vector<regmatch_t> matches(count);
  const int code = regexec(&expression_of(expression), key.c_str(), count, matches.data(), 0);
  if (code == REG_NOMATCH) return Outcome::Absent;
  if (code != 0) {
    tell(reason, code, expression_of(expression));
    return Outcome::Retry;
  }
  for (std::size_t i = 0; i < count; ++i) groups[i] = group_of(matches[i]);
  return Outcome::Done;
}

void release(void* expression) {
  const std::unique_ptr<regex_t> owned(static_cast<regex_t*>(expression));
  regfree(owned.get());
}

constexpr Expressions kExpressions{compile, count_groups, match, release};

constexpr std::array kFlags{PatternFlag{'i', flag::kIgnoreCase}, PatternFlag{'m', flag::kManyLines},
                            PatternFlag{'x', flag::kExtended}};
constexpr PatternDialect kDialect{.usual_flags = flag::kIgnoreCase | flag::kExtended,
                                  .flags = kFlags,
                                  .obsolete_flags = "",
                                  .second_pattern = true,
                                  .unclosed = "skipping this rule",
                                  .out_of_range = "out-of-range"};

}  // namespace

OpenedTable open_regexp_table(std::string_view name, const TableOptions& options) {
  return open_pattern_table("regexp", name, options, kExpressions, kDialect);
}

}  // namespace handoff::tables
