// pcre:/path: the expressions of PCRE2. The program reads the rules, and asks here whether they
// match.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "tables/plugin_abi.h"

namespace handoff::plugins {
namespace {

namespace flag = tables::plugin::expression_flag;
using tables::plugin::Expressions;
using tables::plugin::Group;
using tables::plugin::Outcome;
using tables::plugin::Plugin;
using tables::plugin::Sink;
using tables::plugin::Text;

// A rule that a hostile key can make slow ends after the library's 10,000,000 steps, a second or
// two. Memory needs a bound of its own: the library would take 20 GB.
constexpr std::uint32_t kHeapLimit = 128 * 1024;  // KiB

// Of compiled code, in bytes; what needs more is interpreted, on the heap.
constexpr std::size_t kSmallestStack = 32 * 1024;
constexpr std::size_t kLargestStack = 1024 * 1024;

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeStack {
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};

struct Expression {
  std::unique_ptr<pcre2_code, FreeCode> code;
  std::unique_ptr<pcre2_match_data, FreeMatchData> match;
};

std::uint32_t options_of(std::uint32_t flags) {
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 7> kOptions{{
      {flag::kIgnoreCase, PCRE2_CASELESS},
      {flag::kManyLines, PCRE2_MULTILINE},
      {flag::kDotMatchesNewline, PCRE2_DOTALL},
      {flag::kExtended, PCRE2_EXTENDED},
      {flag::kAnchored, PCRE2_ANCHORED},
      {flag::kDollarAtEndOnly, PCRE2_DOLLAR_ENDONLY},
      {flag::kUngreedy, PCRE2_UNGREEDY},
  }};
  std::uint32_t options = 0;
  for (const auto& [wanted, option] : kOptions)
    if ((flags & wanted) != 0) options |= option;
  return options;
}

std::string text_of(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

PCRE2_SPTR bytes_of(Text text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data);
}

Expression& expression_of(void* expression) {
  return *static_cast<Expression*>(expression);
}

pcre2_match_context* limits() {
  static const std::unique_ptr<pcre2_jit_stack, FreeStack> stack(
      pcre2_jit_stack_create(kSmallestStack, kLargestStack, nullptr));
  static const std::unique_ptr<pcre2_match_context, FreeContext> context = [] {
    std::unique_ptr<pcre2_match_context, FreeContext> made(pcre2_match_context_create(nullptr));
    pcre2_set_heap_limit(made.get(), kHeapLimit);
    pcre2_jit_stack_assign(made.get(), nullptr, stack.get());
    return made;
  }();
  return context.get();
}

int find_match(const Expression& wanted, Text subject) {
  const auto try_match = [&](std::uint32_t options) {
    return pcre2_match(wanted.code.get(), bytes_of(subject), subject.size, 0, options,
                       wanted.match.get(), limits());
  };
  const int result = try_match(0);
  return result == PCRE2_ERROR_JIT_STACKLIMIT ? try_match(PCRE2_NO_JIT) : result;
}

Outcome compile(Text pattern, std::uint32_t flags, void** expression, Sink reason) noexcept {
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto made = std::make_unique<Expression>();
  made->code.reset(
      pcre2_compile(bytes_of(pattern), pattern.size, options_of(flags), &error, &offset, nullptr));
  if (!made->code) {
    tell(reason, "error in regex at offset " + std::to_string(offset) + ": " + text_of(error));
    return Outcome::Config;
  }
  // Where it is not available matching is slower, and otherwise the same.
  (void)pcre2_jit_compile(made->code.get(), PCRE2_JIT_COMPLETE);
  made->match.reset(pcre2_match_data_create_from_pattern(made->code.get(), nullptr));
  *expression = made.release();
  return Outcome::Done;
}

std::size_t count_groups(void* expression) noexcept {
  std::uint32_t count = 0;
  pcre2_pattern_info(expression_of(expression).code.get(), PCRE2_INFO_CAPTURECOUNT, &count);
  return count;
}

void copy_groups(pcre2_match_data* match, std::size_t set, Group* groups, std::size_t count) {
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(match);
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_set = i < set && ends[2 * i] != PCRE2_UNSET && ends[2 * i] <= ends[2 * i + 1];
    groups[i] = is_set ? Group{ends[2 * i], ends[2 * i + 1]}
                       : Group{tables::plugin::kUnset, tables::plugin::kUnset};
  }
}

Outcome match(void* expression, Text subject, Group* groups, std::size_t count,
              Sink reason) noexcept {
  const Expression& wanted = expression_of(expression);
  const int result = find_match(wanted, subject);
  if (result == PCRE2_ERROR_NOMATCH) return Outcome::Absent;
  if (result < 0) {
    tell(reason, text_of(result));
    return Outcome::Retry;
  }
  copy_groups(wanted.match.get(), static_cast<std::size_t>(result), groups, count);
  return Outcome::Done;
}

void release(void* expression) noexcept {
  delete &expression_of(expression);
}

constexpr Expressions kExpressions{compile, count_groups, match, release};

constexpr Plugin make_plugin() {
  Plugin plugin{};
  plugin.version = tables::plugin::kVersion;
  plugin.expressions = &kExpressions;
  return plugin;
}
constexpr Plugin kPlugin = make_plugin();

}  // namespace
}  // namespace handoff::plugins

extern "C" __attribute__((visibility("default"))) const handoff::tables::plugin::Plugin*
handoff_table_plugin() {
  return &handoff::plugins::kPlugin;
}
