#include "service/options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <optional>

#include "util/text.h"

namespace handoff::service {
namespace {

using util::Error;

util::Result<int> parse_listeners(std::string_view text) {
  const auto count = util::to_int(text);
  if (!count || *count <= 0) return Error::syntax(fmt::format("invalid socket_count: {}", text));
  return *count;
}

util::Result<std::chrono::seconds> parse_retirement(std::string_view text) {
  const auto seconds = util::to_int(text);
  if (!seconds || *seconds <= 0) {
    return Error::syntax(fmt::format("invalid retirement time: {}", text));
  }
  return std::chrono::seconds(*seconds);
}

// "name=value" with the blanks around both removed.
util::Result<std::string> parse_override(std::string_view text) {
  const auto equals = text.find('=');
  const std::string_view name = util::trim(text.substr(0, equals));
  const auto refuse = [&](std::string_view why) {
    return Error::syntax(fmt::format("invalid \"-o {}\" option value: {}", text, why));
  };
  if (name.empty()) return refuse("missing attribute name");
  if (equals == std::string_view::npos || name.find_first_of(util::kBlanks) != name.npos) {
    return refuse("missing '=' after attribute name");
  }
  return fmt::format("{}={}", name, util::trim(text.substr(equals + 1)));
}

// What one option letter with its value does.
util::Status apply(Options& options, int letter, const char* value) {
  switch (letter) {
    case 'c':
      options.chroot = true;
      break;
    case 'd':
      options.attached = true;
      break;
    case 'D':
      options.debug = true;
      break;
    case 'i':
      options.overrides.push_back(std::string("max_idle=") + value);
      break;
    case 'l':
      options.one_process = true;
      break;
    case 'm':
      options.overrides.push_back(std::string("max_use=") + value);
      break;
    case 'n':
      options.service = value;
      break;
    case 'o': {
      auto override = parse_override(value);
      if (!override) return std::move(override).error();
      options.overrides.push_back(*std::move(override));
      break;
    }
    case 'r': {
      const auto after = parse_retirement(value);
      if (!after) return after.error();
      options.retire_after = *after;
      break;
    }
    case 's': {
      const auto count = parse_listeners(value);
      if (!count) return count.error();
      options.listeners = *count;
      break;
    }
    case 'S':
      options.stand_alone = true;
      break;
    case 't':
      options.transport = value;
      break;
    case 'u':
      options.unprivileged = true;
      break;
    case 'v':
      ++options.verbose;
      break;
    case 'V':
      options.log_to_stderr = true;
      break;
    case 'z':
      options.unlimited = true;
      break;
    default:
      return Error::syntax(fmt::format("invalid option: {:c}", optopt));
  }
  return {};
}

}  // namespace

util::Status parse_into(Options& options, std::span<char* const> argv, OptionRules rules) {
  std::string letters = "+cdDi:lm:n:o:s:t:uvVz";
  if (rules.retires) letters += "r:";
  if (rules.stand_alone) letters += 'S';

  optind = 0;  // glibc: start anew
  opterr = 0;
  const int argc = static_cast<int>(argv.size());
  for (int letter = 0; (letter = getopt(argc, argv.data(), letters.c_str())) != -1;) {
    if (auto applied = apply(options, letter, optarg); !applied) return applied;
  }
  options.arguments.assign(argv.begin() + optind, argv.end());
  return {};
}

util::Result<Options> parse_options(std::span<char* const> argv, OptionRules rules) {
  Options options;
  if (auto parsed = parse_into(options, argv, rules); !parsed) return std::move(parsed).error();
  return options;
}

}  // namespace handoff::service
