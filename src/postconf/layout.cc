#include "postconf/layout.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "util/msg.h"
#include "util/result.h"
#include "util/text.h"

namespace handoff::postconf {
namespace {

constexpr std::string_view kBlanksInValues = " \t\r\n";
constexpr std::size_t kWidth = 80;

std::string join_words(std::string_view text, bool fold) {
  std::string joined;
  std::size_t column = 0;
  for (const std::string_view word : util::split(text, kBlanksInValues)) {
    if (joined.empty()) {
      joined = word;
      column = word.size();
    } else if (!fold || column + word.size() < kWidth) {
      joined.append(" ").append(word);
      column += 1 + word.size();
    } else {
      joined.append("\n    ").append(word);
      column = 4 + word.size();
    }
  }
  return joined;
}

[[noreturn]] void fail_to_print() {
  msg::fatal("cannot write to standard output: {}", util::errno_text(errno));
}

}  // namespace

std::string format_json(std::string_view name, std::string_view value) {
  const auto quoted = [](std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  return fmt::format("{{{}: {}}}", quoted(name), quoted(value));
}

std::string format_setting(const Options& options, std::string_view name, std::string_view value) {
  if (options.json) return format_json(name, value) + '\n';
  if (options.names_only) return std::string(name) + '\n';
  std::string line(options.values_only ? "" : name);
  if (!options.values_only) line += " = ";
  line += value;
  return join_words(line, options.fold) + '\n';
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) fail_to_print();
}

void flush() {
  if (std::fflush(stdout) != 0) fail_to_print();
}

}  // namespace handoff::postconf
