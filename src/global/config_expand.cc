// The grammar, from left to right; `ws` is blanks:
//
//   text     := { literal | "$$" | "$" NAME | "${" body "}" | "$(" body ")" }
//   body     := ws NAME ws [choice]  |  ws "{" text "}" ws OP ws "{" text "}" ws [choice]
//   choice   := "?" branch [ws ":" branch]  |  ":" branch
//   branch   := ws "{" text "}" ws  |  all the rest (so that no ":" can follow)
//
// Only the chosen branch is expanded. The texts of the errors are an interface: administrators
// find them in the log, with the odd quotes of the list of operators.
#include "global/config_expand.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "util/text.h"

namespace handoff::global {
namespace {

using util::Error;
using util::Result;

// Values within values within values: the text itself is the first level.
constexpr int kDeepest = 101;
// In one text and all that it leads to: "a = $b$b", "b = $c$c" and so on would never end.
constexpr int kMostReferences = 20'000;

constexpr std::string_view kOperatorCharacters = "<>!=?+-*/~&|%";

bool is_name_character(char c) {
  return util::is_alnum(c) || c == '_';
}

std::string_view take_while(std::string_view& text, bool (*wanted)(char)) {
  const auto end = std::find_if_not(text.begin(), text.end(), wanted);
  const std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  return taken;
}

// Where the bracket that text begins with is closed; npos if it never is.
std::size_t closing(std::string_view text, char open, char close) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == open) ++depth;
    if (text[i] == close && --depth == 0) return i;
  }
  return std::string_view::npos;
}

Error bad_text(std::string_view wanted, std::string_view before, std::string_view at) {
  return Error::syntax(std::string(wanted) + " at: \"..." + std::string(before) + ">>>" +
                       std::string(at) + '"');
}

Error syntax_error(std::string_view wanted, std::string_view before, std::string_view rest) {
  constexpr std::size_t kShown = 20;
  return bad_text(wanted, before, rest.substr(0, kShown));
}

Error unbalanced(std::string_view text) {
  return Error::syntax("unbalanced {} in attribute expression: \"" + std::string(text) + '"');
}

// Takes "{text}" and the blanks after it off the front of `rest`.
Result<std::string_view> take_braced(std::string_view& rest) {
  const std::size_t end = closing(rest, '{', '}');
  if (end == std::string_view::npos) return unbalanced(rest);
  const std::string_view inner = rest.substr(1, end - 1);
  rest = util::trim_left(rest.substr(end + 1));
  return inner;
}

bool begins_with_brace(std::string_view text) {
  return util::trim_left(text).starts_with('{');
}

// --- "?" and ":"

struct Choice {
  std::optional<std::string_view> if_true;
  std::optional<std::string_view> if_false;
};

Result<Choice> parse_else(std::string_view rest, Choice choice) {
  if (!begins_with_brace(rest)) {
    choice.if_false = rest;
    return choice;
  }
  rest = util::trim_left(rest);
  const Result<std::string_view> inner = take_braced(rest);
  if (!inner) return inner.error();
  if (!rest.empty()) return syntax_error("unexpected input", std::string(*inner) + "}", rest);
  choice.if_false = *inner;
  return choice;
}

// `rest` begins with "?" or ":".
Result<Choice> parse_choice(std::string_view rest) {
  Choice choice;
  const char kind = rest.front();
  rest.remove_prefix(1);
  if (kind == ':') return parse_else(rest, choice);
  if (!begins_with_brace(rest)) {
    choice.if_true = rest;
    return choice;
  }
  rest = util::trim_left(rest);
  const Result<std::string_view> inner = take_braced(rest);
  if (!inner) return inner.error();
  choice.if_true = *inner;
  if (rest.empty()) return choice;
  if (rest.front() != ':') return syntax_error("\":\" expected", std::string(*inner) + "}", rest);
  return parse_else(rest.substr(1), choice);
}

// --- Comparisons

enum class Operator { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual };

struct OperatorName {
  std::string_view text;
  Operator meaning;
};

constexpr std::array<OperatorName, 6> kOperators{{{"==", Operator::Equal},
                                                  {"!=", Operator::NotEqual},
                                                  {"<", Operator::Less},
                                                  {"<=", Operator::LessOrEqual},
                                                  {">=", Operator::GreaterOrEqual},
                                                  {">", Operator::Greater}}};

constexpr std::string_view kOperatorExpected =
    "\"==\" or \"!=\"\" or \"<\"\" or \"<=\"\" or \">=\"\" or \">\" expected";

bool holds(Operator op, std::strong_ordering order) {
  switch (op) {
    case Operator::Equal:
      return order == 0;
    case Operator::NotEqual:
      return order != 0;
    case Operator::Less:
      return order < 0;
    case Operator::LessOrEqual:
      return order <= 0;
    case Operator::Greater:
      return order > 0;
    case Operator::GreaterOrEqual:
      return order >= 0;
  }
  return false;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, util::is_digit);
}

// Of any length.
std::strong_ordering compare_digits(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

using Level = std::array<std::int64_t, 3>;

// "3", "3.6" or "3.6.1"; the later parts are below 1024.
Result<Level> parse_level(std::string_view text) {
  const Error malformed =
      Error::syntax("malformed compatibility level syntax: \"" + std::string(text) + '"');
  Level level{};
  std::string_view rest = util::trim_left(text);
  for (std::size_t part = 0;; ++part) {
    const std::string_view digits = rest.substr(0, rest.find('.'));
    const auto number = util::to_int64(digits);
    if (part == level.size() || !number || *number < 0 || (part > 0 && *number > 1023))
      return malformed;
    level[part] = *number;
    rest.remove_prefix(digits.size());
    if (rest.empty()) return level;
    rest.remove_prefix(1);
  }
}

Result<std::strong_ordering> compare(std::string_view left, std::string_view right, bool levels) {
  if (levels) {
    const Result<Level> a = parse_level(left);
    if (!a) return a.error();
    const Result<Level> b = parse_level(right);
    if (!b) return b.error();
    return *a <=> *b;
  }
  if (all_digits(left) && all_digits(right)) return compare_digits(left, right);
  return left <=> right;
}

struct Comparison {
  std::string_view left;
  std::string_view right;
  Operator op = Operator::Equal;
  bool levels = false;
};

// Takes "== ", ">=level" and the like off the front of `rest`.
util::Status take_operator(std::string_view& rest, Comparison& comparison) {
  const std::string_view start = rest;
  const std::string_view symbol = take_while(
      rest, [](char c) { return kOperatorCharacters.find(c) != std::string_view::npos; });
  const auto* const found = std::ranges::find(kOperators, symbol, &OperatorName::text);
  if (found == kOperators.end())
    return syntax_error(kOperatorExpected, std::string(comparison.left) + "}", start);
  comparison.op = found->meaning;

  const std::string_view suffix = take_while(rest, util::is_alnum);
  comparison.levels = suffix == "level";
  if (!suffix.empty() && !comparison.levels) return bad_text("bad operator suffix", symbol, suffix);
  if (!begins_with_brace(rest)) {
    return syntax_error("\"{expression}\" expected",
                        "{" + std::string(comparison.left) + "} " +
                            std::string(start.substr(0, start.size() - rest.size())),
                        rest);
  }
  rest = util::trim_left(rest);
  return {};
}

Result<Comparison> take_comparison(std::string_view& rest) {
  Comparison comparison;
  Result<std::string_view> left = take_braced(rest);
  if (!left) return left.error();
  comparison.left = *left;
  if (util::Status taken = take_operator(rest, comparison); !taken) return taken.error();
  Result<std::string_view> right = take_braced(rest);
  if (!right) return right.error();
  comparison.right = *right;
  if (!rest.empty() && rest.front() != '?' && rest.front() != ':')
    return syntax_error("\"?\" or \":\" expected", "}", rest);
  return comparison;
}

// Takes the name and the blanks around it off the front of `body`: what remains is nothing or a
// choice.
Result<std::string_view> take_name(std::string_view& body) {
  std::string_view rest = util::trim_left(body);
  const std::string_view name = take_while(rest, is_name_character);
  const std::string_view before = body.substr(0, body.size() - rest.size());
  const std::string_view choice = util::trim_left(rest);
  if (!choice.empty() && choice.front() != '?' && choice.front() != ':')
    return syntax_error("attribute name syntax error", before, rest);
  body = choice;
  return name;
}

// --- Expansion

class Expansion {
 public:
  Expansion(const MacroLookup& lookup, const MacroVisitor& unknown)
      : lookup_(lookup), unknown_(unknown) {}

  Result<std::string> text(std::string_view input, int level) const;

 private:
  util::Status macro(std::string_view body, int level, std::string& output) const;
  Result<std::string> name(std::string_view body, int level) const;
  Result<std::string> comparison(std::string_view rest, int level) const;
  Result<std::string> choose(bool condition, std::string_view rest, int level) const;
  Result<std::string> named_value(std::string_view name, int level) const;

  const MacroLookup& lookup_;
  const MacroVisitor& unknown_;
  mutable int references_ = 0;
};

Error too_deep(std::string_view text) {
  return Error::syntax("unreasonable macro call nesting: \"" + std::string(text) + '"');
}

// Takes what follows a "$" off the front of `rest`: the name, or what the brackets enclose.
Result<std::string_view> take_reference(std::string_view& rest, std::string_view whole) {
  std::string_view body;
  if (rest.starts_with('{') || rest.starts_with('(')) {
    const std::size_t end = closing(rest, rest.front(), rest.front() == '{' ? '}' : ')');
    if (end == std::string_view::npos)
      return Error::syntax("truncated macro reference: \"" + std::string(whole) + '"');
    body = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  } else {
    body = take_while(rest, is_name_character);
  }
  if (body.empty()) return Error::syntax("empty macro name: \"" + std::string(whole) + '"');
  return body;
}

// Calls `literal` for the text between references, and `macro` for what each reference encloses.
template <typename Literal, typename Macro>
util::Status walk(std::string_view input, int level, Literal literal, Macro macro) {
  std::string_view rest = input;
  while (!rest.empty()) {
    const std::string_view text = rest.substr(0, rest.find('$'));
    if (!text.empty() && level > kDeepest) return too_deep(text);
    literal(text);
    rest.remove_prefix(text.size());
    if (rest.empty()) break;
    rest.remove_prefix(1);
    if (rest.starts_with('$')) {
      literal(rest.substr(0, 1));
      rest.remove_prefix(1);
      continue;
    }
    const Result<std::string_view> body = take_reference(rest, input);
    if (!body) return body.error();
    if (level > kDeepest) return too_deep(*body);
    if (util::Status done = macro(*body); !done) return done;
  }
  return {};
}

Result<std::string> Expansion::text(std::string_view input, int level) const {
  std::string output;
  const util::Status expanded = walk(
      input, level, [&](std::string_view literal) { output += literal; },
      [&](std::string_view body) { return macro(body, level, output); });
  if (!expanded) return expanded.error();
  return output;
}

util::Status Expansion::macro(std::string_view body, int level, std::string& output) const {
  if (++references_ > kMostReferences) return too_deep(body);
  const std::string_view content = util::trim_left(body);
  const Result<std::string> value =
      content.starts_with('{') ? comparison(content, level) : name(body, level);
  if (!value) return value.error();
  output += *value;
  return {};
}

Result<std::string> Expansion::name(std::string_view body, int level) const {
  std::string_view choice = body;
  const Result<std::string_view> the_name = take_name(choice);
  if (!the_name) return the_name.error();
  if (choice.empty()) return named_value(*the_name, level);
  // The value as written counts, not what it expands to: "$nothing" is not empty.
  const std::optional<std::string> value = lookup_(*the_name);
  return choose(value && !value->empty(), choice, level);
}

Result<std::string> Expansion::named_value(std::string_view name, int level) const {
  const std::optional<std::string> value = lookup_(name);
  if (value) return text(*value, level + 1);
  if (unknown_) unknown_(name);
  return std::string();
}

Result<std::string> Expansion::comparison(std::string_view rest, int level) const {
  const Result<Comparison> parsed = take_comparison(rest);
  if (!parsed) return parsed.error();
  const Result<std::string> left = text(parsed->left, level + 1);
  if (!left) return left.error();
  const Result<std::string> right = text(parsed->right, level + 1);
  if (!right) return right.error();
  const Result<std::strong_ordering> order = compare(*left, *right, parsed->levels);
  if (!order) return order.error();
  const bool result = holds(parsed->op, *order);
  if (rest.empty()) return std::string(result ? "true" : "");
  return choose(result, rest, level);
}

Result<std::string> Expansion::choose(bool condition, std::string_view rest, int level) const {
  const Result<Choice> choice = parse_choice(rest);
  if (!choice) return choice.error();
  const auto& branch = condition ? choice->if_true : choice->if_false;
  if (!branch) return std::string();
  return text(*branch, level + 1);
}

// --- Names that a text mentions

class Scan {
 public:
  explicit Scan(const MacroVisitor& visit) : visit_(visit) {}

  util::Status text(std::string_view input, int level) const;

 private:
  util::Status macro(std::string_view body, int level) const;
  util::Status comparison(std::string_view rest, int level) const;
  util::Status choice(std::string_view rest, int level) const;

  const MacroVisitor& visit_;
};

util::Status Scan::text(std::string_view input, int level) const {
  return walk(
      input, level, [](std::string_view) {},
      [&](std::string_view body) { return macro(body, level); });
}

util::Status Scan::macro(std::string_view body, int level) const {
  const std::string_view content = util::trim_left(body);
  if (content.starts_with('{')) return comparison(content, level);
  std::string_view rest = body;
  const Result<std::string_view> name = take_name(rest);
  if (!name) return name.error();
  visit_(*name);
  return rest.empty() ? util::Status() : choice(rest, level);
}

util::Status Scan::comparison(std::string_view rest, int level) const {
  const Result<Comparison> parsed = take_comparison(rest);
  if (!parsed) return parsed.error();
  for (const std::string_view side : {parsed->left, parsed->right}) {
    if (util::Status scanned = text(side, level + 1); !scanned) return scanned;
  }
  return rest.empty() ? util::Status() : choice(rest, level);
}

util::Status Scan::choice(std::string_view rest, int level) const {
  const Result<Choice> parsed = parse_choice(rest);
  if (!parsed) return parsed.error();
  for (const auto& branch : {parsed->if_true, parsed->if_false}) {
    if (!branch) continue;
    if (util::Status scanned = text(*branch, level + 1); !scanned) return scanned;
  }
  return {};
}

}  // namespace

util::Status visit_macros(std::string_view text, const MacroVisitor& visit) {
  return Scan(visit).text(text, 1);
}

util::Result<std::string> expand_macros(std::string_view text, const MacroLookup& lookup,
                                        const MacroVisitor& unknown) {
  return Expansion(lookup, unknown).text(text, 1);
}

util::Status check_level(std::string_view text) {
  const Result<Level> level = parse_level(text);
  if (!level) return level.error();
  return {};
}

}  // namespace handoff::global
