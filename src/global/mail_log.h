// mail_log.h - where a program logs, before and after it has read main.cf.
//
// Before: to postlogd(8) if the environment names its socket (POSTLOG_SERVICE), else to syslog,
// under the tag of whoever started us (MAIL_LOGTAG). After: as main.cf says (with maillog_json_file
// syslog's lines go to postlogd, too); and the environment says the same to our children. The tag
// is "syslog_name/program"; the socket is connected at once, so that it works in a chroot jail.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "global/config.h"
#include "global/params.h"
#include "util/result.h"

namespace handoff::global {

enum class LogRole {
  Daemon,    // a line that postlogd does not take is lost
  Command,   // a daemon's rules, and everything also goes to standard error as "program: text"
  Keeper,    // postfix, postlog: append to the log file themselves while postlogd is not there
  Launcher,  // master: the same; and does not begin what nobody could log
  Server,    // postlogd: appends to the log file
};

// The first thing a program does; `program` is the base name of argv[0].
void open_log_early(std::string_view program, LogRole role);

// Launcher: an error, too, when the log file cannot be opened.
// Exports MAIL_LOGTAG, POSTLOG_SERVICE, POSTLOG_HOSTNAME. On error everything stays as it was.
void open_log(const Config& config, const Params& params, std::string_view program, LogRole role);
util::Status try_open_log(const Config& config, const Params& params, std::string_view program,
                          LogRole role);

// LOG_LOCAL3 for "local3", a value of syslog_facility.
std::optional<int> facility_named(std::string_view name);

// What open_log() would fail with.
util::Status check_log(const Config& config, const Params& params);

// Whether a log file lies where maillog_file_prefixes allows it; the error names `parameter`.
util::Status check_log_file(const Config& config, const Params& params, std::string_view parameter,
                            const std::string& path);

// -V: also to standard error from now on, across open_log(), as "tag: text"; but not what the log
// file shows there already.
void also_to_stderr();
// No more, from the next open_log() on: for a program that leaves its terminal.
void no_more_to_stderr();

}  // namespace handoff::global
