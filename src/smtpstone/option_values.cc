#include "smtpstone/option_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <utility>

#include "util/text.h"

namespace handoff::smtpstone {

using util::Error;
using util::Result;
using util::Status;

namespace {

// "-m" or "--store", for error messages.
std::string option_name(int letter, const option* long_options) {
  for (const option* known = long_options; known->name != nullptr; ++known)
    if (known->val == letter && letter > 255) return fmt::format("--{}", known->name);
  return fmt::format("-{}", static_cast<char>(letter));
}

std::optional<std::chrono::milliseconds> unit_named(std::string_view name) {
  using namespace std::chrono_literals;
  if (name.empty() || name == "s") return 1s;
  if (name == "ms") return 1ms;
  if (name == "m") return 1min;
  return std::nullopt;
}

// What follows a backslash; the characters used are taken off `rest`.
std::optional<char> escape(std::string_view& rest) {
  constexpr std::string_view kNames = "abfnrtv\\";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\";
  if (rest.empty()) return std::nullopt;
  if (const std::size_t at = kNames.find(rest[0]); at != std::string_view::npos) {
    rest.remove_prefix(1);
    return kValues[at];
  }
  int octal = 0;
  std::size_t digits = 0;
  while (digits < 3 && digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '7')
    octal = octal * 8 + (rest[digits++] - '0');
  if (digits == 0 || octal > 255) return std::nullopt;
  rest.remove_prefix(digits);
  return static_cast<char>(octal);
}

}  // namespace

Result<std::vector<std::string>> read_options(const std::vector<std::string>& arguments,
                                              const char* short_options, const option* long_options,
                                              const std::function<Status(int, const char*)>& set) {
  std::vector<std::string> words{""};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  ::optind = 0;  // GNU getopt: begin anew
  const int argc = static_cast<int>(words.size());
  for (;;) {
    const int letter = ::getopt_long(argc, argv.data(), short_options, long_options, nullptr);
    if (letter == -1) break;
    if (letter == ':')
      return Error::syntax(option_name(::optopt, long_options) + ": needs a value");
    if (letter == '?') {
      const auto last = static_cast<std::size_t>(::optind) - 1;
      const std::string name = ::optopt > 0 ? option_name(::optopt, long_options) : argv[last];
      return Error::syntax(name + ": unknown option");
    }
    if (Status done = set(letter, ::optarg); !done)
      return Error::syntax(
          fmt::format("{}: {}", option_name(letter, long_options), done.error().what));
  }
  return std::vector<std::string>(words.begin() + ::optind, words.end());
}

Result<int> to_number(std::string_view text, int least, int most) {
  const std::optional<int> number = util::to_int(text);
  if (!number || *number < least || *number > most)
    return Error::syntax(fmt::format("\"{}\" is not a number from {} to {}", text, least, most));
  return *number;
}

Result<std::chrono::milliseconds> to_time(std::string_view text) {
  constexpr double kLongest = 86400.0 * 1000;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto unit = unit_named(text.substr(digits));
  const std::string number(text.substr(0, digits));
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  if (!unit || number.empty() || *end != '\0')
    return Error::syntax(fmt::format("\"{}\" is not a time: 2, 0.5, 20ms, 3s, 1m", text));
  const double milliseconds = value * static_cast<double>(unit->count());
  if (milliseconds > kLongest) return Error::syntax(fmt::format("\"{}\": a day at most", text));
  return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds + 0.5));
}

Result<std::string> to_reply(std::string_view text, char code_class) {
  const bool code = text.size() >= 3 && text[0] == code_class && util::is_digit(text[1]) &&
                    util::is_digit(text[2]) && (text.size() == 3 || text[3] == ' ');
  if (!code || text.find_first_of("\r\n") != std::string_view::npos)
    return Error::syntax(fmt::format("\"{}\" is not a reply \"{}xx text\"", text, code_class));
  return std::string(text);
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char c = text[0];
    text.remove_prefix(1);
    if (c != '\\') {
      out += c;
      continue;
    }
    const std::optional<char> meant = escape(text);
    if (!meant) return Error::syntax("unknown escape sequence");
    out += *meant;
  }
  return out;
}

}  // namespace handoff::smtpstone
