// options.h - what the command line of postconf(1) asks for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace handoff::postconf {

enum class Mode {
  MainCf,
  Entries,     // -M
  Fields,      // -F
  Parameters,  // -P
  SaslServerTypes,
  SaslClientTypes,
  LockTypes,
  TableTypes,
  TlsInformation,
  ExpandTemplates,
  DumpTemplates,
  Check,
};

enum class Action { Show, Edit, Remove, CommentOut };

// Which parameters are listed when none is named.
struct NameClasses {
  bool builtin = true;
  bool service = true;
  bool user = true;
};

struct Options {
  Mode mode = Mode::MainCf;
  Action action = Action::Show;
  bool defaults = false;       // -d
  bool explicit_only = false;  // -n
  bool expand = false;         // -x
  bool fold = false;           // -f
  bool names_only = false;     // -H
  bool values_only = false;    // -h
  bool json = false;           // -j
  bool quiet = false;          // -q
  NameClasses classes{};
  std::string tls_topic{};               // -T
  std::vector<std::string> overrides{};  // -o
  std::vector<std::string> operands{};
};

// Options end at the first operand. -c is for everybody's MAIL_CONFIG and set there. Ends the
// program when options cannot be combined.
Options parse_options(int argc, char** argv);

// "builtin,user" in any case.
util::Result<NameClasses> parse_classes(std::string_view text);

// The options that were given, as letters; `--check` is 'K'. Error Syntax: the first rule that they
// break: "specify one of -d -n", "with option -M, do not specify -n".
util::Status check_combination(std::string_view given);

}  // namespace handoff::postconf
