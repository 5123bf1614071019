// options.h - the command line of sendmail, as programs have used it for forty years.
#pragma once

#include <string>
#include <vector>

namespace handoff::sendmail {

struct Options {
  enum class Mode { Submit, ListQueue, FlushQueue, NewAliases };

  Mode mode = Mode::Submit;
  std::string config_directory;  // -C; empty: not given
  bool has_sender = false;       // -f, -r; an empty sender is one, too
  std::string sender;
  std::string full_name;            // -F
  std::string encoding;             // -B: encoding::k..., or empty
  std::string envelope_id;          // -V
  std::string verp_delimiters;      // -XV; kDefaultVerp: those of main.cf
  int notify = 0;                   // -N: mask notify::k...
  int ret = 0;                      // -R: mask ret::k...
  int verbose = 0;                  // -v: once asks for a delivery report, more are for debugging
  bool ignore_dots = false;         // -i, -oi: a line with a dot is a line like others
  bool extract_recipients = false;  // -t
  bool gateway = false;             // -G: the mail is not local, its header is left alone
  std::vector<std::string> recipients;

  static constexpr const char* kDefaultVerp = "default";
};

// Ends the process with a message when the arguments make no sense, or ask for what this version
// does not have. `program` is the name that we were called by: mailq and newaliases are modes.
Options parse_options(const std::string& program, int argc, char** argv);

}  // namespace handoff::sendmail
