#include "postconf/options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <cstdlib>
#include <set>

#include "postconf/layout.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/text.h"

namespace handoff::postconf {
namespace {

using util::Error;
using util::Status;

// In the order in which complaints name them.
constexpr std::string_view kOrder = "aAbCdefFhHjKlmMnopPqtTxX#";
constexpr std::string_view kModes = "aAbFKlmMpPtT";

// At most one of each.
constexpr std::string_view kExclusive[] = {kModes,  "denX#", "efX#", "exX#", "deoX#",
                                           "ehHX#", "ejX#",  "fj",   "hj",   "Hj"};

struct Companions {
  char mode;
  std::string_view allowed;
};
constexpr Companions kCompanions[] = {
    {'p', "CdefhHjnoqxX#"}, {'M', "Cefjoqx#X"}, {'F', "CefhHjoqx"}, {'P', "CefhHjoqxX"}};

constexpr struct {
  char letter;
  Mode mode;
} kModeLetters[] = {
    {'a', Mode::SaslServerTypes}, {'A', Mode::SaslClientTypes}, {'b', Mode::ExpandTemplates},
    {'F', Mode::Fields},          {'K', Mode::Check},           {'l', Mode::LockTypes},
    {'m', Mode::TableTypes},      {'M', Mode::Entries},         {'p', Mode::MainCf},
    {'P', Mode::Parameters},      {'t', Mode::DumpTemplates},   {'T', Mode::TlsInformation}};

constexpr char kHelp = 'U';
constexpr option kLongOptions[] = {{"check", no_argument, nullptr, 'K'},
                                   {"help", no_argument, nullptr, kHelp},
                                   {"json", no_argument, nullptr, 'j'},
                                   {"quiet", no_argument, nullptr, 'q'},
                                   {}};

std::string name_of(char letter) {
  return letter == 'K' ? "--check" : fmt::format("-{}", letter);
}

bool contains(std::string_view set, char letter) {
  return set.find(letter) != std::string_view::npos;
}

Status check_one_of(std::string_view group, std::string_view given) {
  std::string named;
  int count = 0;
  for (const char letter : kOrder) {
    if (!contains(group, letter) || !contains(given, letter)) continue;
    named += ' ' + name_of(letter);
    ++count;
  }
  if (count <= 1) return {};
  return Error::syntax("specify one of" + named);
}

char mode_letter(const std::string& given) {
  for (const char letter : kModes) {
    if (contains(given, letter)) return letter;
  }
  return 'p';
}

std::string_view companions_of(char mode) {
  for (const Companions& row : kCompanions) {
    if (row.mode == mode) return row.allowed;
  }
  return {};
}

constexpr std::string_view kUsage =
    "usage: postconf [-a (server SASL types)] [-A (client SASL types)] [-b (bounce templates)] "
    "[-c config_dir] [-C param_class] [-d (parameter defaults)] [-e (edit configuration)] "
    "[-f (fold lines)] [-F (master.cf fields)] [-h (no names)] [-H (no values)] [-j (JSON)] "
    "[-l (lock types)] [-m (map types)] [-M (master.cf)] [-n (non-default parameters)] "
    "[-o name=value (override parameter value)] [-p (main.cf, default)] [-P (master.cf "
    "parameters)] [-q (no warnings about unused parameters)] [-t (bounce templates)] "
    "[-T compile-version|run-version|public-key-algorithms] [-v (verbose)] [-x (expand "
    "parameter values)] [-X (exclude)] [-# (comment-out)] [--check (all values)] [--help] "
    "[name...]";

[[noreturn]] void help() {
  Options layout;
  layout.values_only = true;
  layout.fold = true;
  print(format_setting(layout, "", kUsage));
  flush();
  std::exit(EXIT_SUCCESS);
}

// Getopt's words are enough for what is wrong with one option alone.
class Parser {
 public:
  Options parse(int argc, char** argv) {
    constexpr const char* kLetters = "+aAbc:C:deEfFhHjlmMno:pPqtT:vxX#";
    for (int letter; (letter = getopt_long(argc, argv, kLetters, kLongOptions, nullptr)) != -1;)
      take(static_cast<char>(letter));
    options_.operands.assign(argv + optind, argv + argc);
    if (edits_by_nature()) {
      given_.insert('e');
      if (options_.action == Action::Show) options_.action = Action::Edit;
    }
    const std::string given(given_.begin(), given_.end());
    util::or_die(check_combination(given));
    if (contains(given, 'K') && !options_.operands.empty())
      msg::fatal("option --check is about all parameters, do not specify names");
    for (const auto& row : kModeLetters) {
      if (row.letter == mode_letter(given)) options_.mode = row.mode;
    }
    return std::move(options_);
  }

 private:
  void take(char letter) {
    given_.insert(letter);
    switch (letter) {
      case 'c':
        setenv("MAIL_CONFIG", optarg, 1);
        break;
      case 'C':
        given_.erase('C');
        options_.classes = util::or_die(parse_classes(optarg));
        break;
      case 'd':
        options_.defaults = true;
        break;
      case 'e':
        options_.action = Action::Edit;
        break;
      case 'f':
        options_.fold = true;
        break;
      case 'h':
        options_.values_only = true;
        break;
      case 'H':
        options_.names_only = true;
        break;
      case 'j':
        options_.json = true;
        break;
      case 'n':
        options_.explicit_only = true;
        break;
      case 'o':
        options_.overrides.emplace_back(optarg);
        break;
      case 'q':
        options_.quiet = true;
        break;
      case 'T':
        if (topics_++ > 0) msg::fatal("At most one -T <mode> option may be specified");
        options_.tls_topic = optarg;
        break;
      case 'v':
        msg::set_verbose(msg::verbose() + 1);
        break;
      case 'x':
        options_.expand = true;
        break;
      case 'X':
        options_.action = Action::Remove;
        break;
      case '#':
        options_.action = Action::CommentOut;
        break;
      case kHelp:
        help();
      case '?':
      case 'E':
        msg::fatal("{}", kUsage);
      default:  // a mode
        break;
    }
    if (given_.contains('b') && given_.contains('t')) msg::fatal("specify one of -b and -t");
  }

  // "postconf name=value" needs no -e.
  [[nodiscard]] bool edits_by_nature() const {
    const char mode = mode_letter({given_.begin(), given_.end()});
    return !companions_of(mode).empty() && !options_.operands.empty() &&
           options_.operands.front().find('=') != std::string::npos;
  }

  std::set<char> given_;
  int topics_ = 0;
  Options options_;
};

}  // namespace

Options parse_options(int argc, char** argv) {
  return Parser().parse(argc, argv);
}

util::Result<NameClasses> parse_classes(std::string_view text) {
  NameClasses classes{false, false, false};
  for (const std::string_view word : util::split(text, ", \t\r\n")) {
    const bool all = util::equal_ignoring_case(word, "all");
    const bool builtin = util::equal_ignoring_case(word, "builtin");
    const bool service = util::equal_ignoring_case(word, "service");
    const bool user = util::equal_ignoring_case(word, "user");
    if (!all && !builtin && !service && !user)
      return Error::syntax(fmt::format("unknown -C option value \"{}\" in \"{}\"", word, text));
    classes.builtin |= all || builtin;
    classes.service |= all || service;
    classes.user |= all || user;
  }
  return classes;
}

Status check_combination(std::string_view given) {
  for (const std::string_view group : kExclusive) {
    if (Status single = check_one_of(group, given); !single) return single;
  }
  const char mode = mode_letter(std::string(given));
  const std::string_view allowed = companions_of(mode);
  for (const char letter : kOrder) {
    if (!contains(given, letter) || contains(kModes, letter) || contains(allowed, letter)) continue;
    return Error::syntax(
        fmt::format("with option {}, do not specify {}", name_of(mode), name_of(letter)));
  }
  return {};
}

}  // namespace handoff::postconf
