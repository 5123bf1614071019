#include "global/mail_log.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "global/master_proto.h"
#include "global/postlog_proto.h"
#include "util/append_file.h"
#include "util/log_text.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/postlog_copies.h"
#include "util/text.h"

namespace handoff::global {
namespace {

using util::Error;
using util::Status;

constexpr const char* kTagVariable = master_proto::kLogTagVariable;
constexpr const char* kSocketVariable = master_proto::kPostlogSocketVariable;
constexpr const char* kHostVariable = master_proto::kPostlogHostVariable;

constexpr std::array<std::pair<std::string_view, int>, 20> kFacilities{{
    {"auth", LOG_AUTH},     {"authpriv", LOG_AUTHPRIV}, {"cron", LOG_CRON},
    {"daemon", LOG_DAEMON}, {"ftp", LOG_FTP},           {"kern", LOG_KERN},
    {"lpr", LOG_LPR},       {"mail", LOG_MAIL},         {"news", LOG_NEWS},
    {"syslog", LOG_SYSLOG}, {"user", LOG_USER},         {"uucp", LOG_UUCP},
    {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},     {"local2", LOG_LOCAL2},
    {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},     {"local5", LOG_LOCAL5},
    {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},
}};

// The log on standard error that was asked for with -V; the one process-wide switch.
bool& wants_stderr() {
  static bool wanted = false;
  return wanted;
}

// Whoever typed the command knows its name and cares for nothing else.
class CommandSink : public msg::Sink {
 public:
  explicit CommandSink(std::string_view program) : program_(program) {}
  void write(msg::Level level, std::string_view, std::string_view text) noexcept override {
    stderr_->write(level, program_, text);
  }

 private:
  std::string program_;
  std::unique_ptr<msg::Sink> stderr_ = msg::stderr_sink(false);
};

// A log file that is standard error under another name, with what has been written there: nobody
// wants to read a line twice.
class VisibleLog : public msg::Sink {
 public:
  using Written = std::shared_ptr<bool>;
  VisibleLog(std::unique_ptr<msg::Sink> log, Written written)
      : log_(std::move(log)), written_(std::move(written)) {}
  void write(msg::Level level, std::string_view tag, std::string_view text) noexcept override {
    log_->write(level, tag, text);
    *written_ = true;
  }
  [[nodiscard]] std::uint64_t lost() const noexcept override { return log_->lost(); }

 private:
  std::unique_ptr<msg::Sink> log_;
  Written written_;
};

// Behind it: what went to postlogd(8) instead.
class UnlessVisible : public msg::Sink {
 public:
  explicit UnlessVisible(VisibleLog::Written written) : written_(std::move(written)) {}
  void write(msg::Level level, std::string_view tag, std::string_view text) noexcept override {
    if (!std::exchange(*written_, false)) stderr_->write(level, tag, text);
  }

 private:
  VisibleLog::Written written_;
  std::unique_ptr<msg::Sink> stderr_ = msg::stderr_sink(false);
};

std::string first_label(std::string_view host) {
  return std::string(host.empty() ? "amnesiac" : host.substr(0, host.find('.')));
}

using Sinks = std::vector<std::unique_ptr<msg::Sink>>;

void replace_sinks(Sinks sinks) {
  msg::clear_sinks();
  for (auto& sink : sinks) msg::add_sink(std::move(sink));
}

void add_stderr(Sinks& sinks, std::string_view program, LogRole role) {
  if (role == LogRole::Command)
    sinks.push_back(std::make_unique<CommandSink>(program));
  else if (wants_stderr())
    sinks.push_back(msg::stderr_sink(false));
}

void set_tag(std::string_view name, std::string_view program) {
  msg::set_tag(fmt::format("{}/{}", name, program));
}

// A value that main.cf may not have; its place first.
Error mistake(const Config& config, std::string_view parameter, const std::string& value,
              std::string_view rule, std::string what) {
  config.explain(parameter, value, rule);
  return Error::syntax(std::move(what));
}

std::string socket_path(const Params& params) {
  return params.queue_directory + "/public/" + params.postlog_service_name;
}

bool writes_itself(LogRole role) {
  return role == LogRole::Keeper || role == LogRole::Launcher;
}

// master(8) does not wait for a postlogd that it has to start itself.
msg::Patience patience(LogRole role) {
  if (role == LogRole::Launcher) return msg::Patience::None;
  return role == LogRole::Keeper ? msg::Patience::Long : msg::Patience::Brief;
}

std::unique_ptr<msg::Sink> log_file_sink(const Params& params, LogRole role) {
  const std::string host = first_label(params.myhostname);
  if (role == LogRole::Server) return msg::file_sink(params.maillog_file, host);
  return msg::postlog_sink(
      socket_path(params), host, patience(role),
      writes_itself(role) ? msg::file_sink(params.maillog_file, host) : nullptr);
}

bool is_standard_error(const std::string& log_file) {
  struct stat log {};
  struct stat error {};
  return stat(log_file.c_str(), &log) == 0 && fstat(STDERR_FILENO, &error) == 0 &&
         log.st_dev == error.st_dev && log.st_ino == error.st_ino &&
         util::open_for_append(log_file);
}

// What master's own postlogd(8) writes comes out where master's standard output goes, too.
Sinks visible_log(const Params& params, LogRole role) {
  const std::string host = first_label(params.myhostname);
  const auto written = std::make_shared<bool>(false);
  auto file = std::make_unique<VisibleLog>(msg::file_sink(params.maillog_file, host), written);
  Sinks sinks;
  sinks.push_back(msg::postlog_sink(socket_path(params), host, patience(role), std::move(file)));
  if (role == LogRole::Keeper) sinks.push_back(std::make_unique<UnlessVisible>(written));
  return sinks;
}

std::unique_ptr<msg::Sink> json_sink(const Params& params, LogRole role) {
  return msg::postlog_copies(socket_path(params), first_label(params.myhostname),
                             postlog_proto::kJsonOnly, patience(role));
}

Sinks log_sinks(const Params& params, int facility, LogRole role) {
  Sinks sinks;
  if (!params.maillog_file.empty()) {
    sinks.push_back(log_file_sink(params, role));
    return sinks;
  }
  sinks.push_back(msg::syslog_sink(facility));
  if (!params.maillog_json_file.empty() && role != LogRole::Server)
    sinks.push_back(json_sink(params, role));
  return sinks;
}

Sinks sinks_for(const Params& params, int facility, std::string_view program, LogRole role) {
  if (wants_stderr() && writes_itself(role) && is_standard_error(params.maillog_file))
    return visible_log(params, role);
  Sinks sinks = log_sinks(params, facility, role);
  add_stderr(sinks, program, role);
  return sinks;
}

Sinks early_sinks(std::string_view program, LogRole role) {
  // A set-gid command must not be told by its caller where to write.
  const char* socket = secure_getenv(kSocketVariable);
  const char* host = secure_getenv(kHostVariable);
  Sinks sinks;
  sinks.push_back(socket != nullptr && *socket != '\0'
                      ? msg::postlog_sink(socket, first_label(host != nullptr ? host : ""),
                                          patience(role), nullptr)
                      : msg::syslog_sink(LOG_MAIL));
  add_stderr(sinks, program, role);
  return sinks;
}

// What nobody could log master(8) does not begin. A pipe may find its reader later.
Status check_it_opens(const Config& config, const Params& params, LogRole role) {
  const std::string& path = params.maillog_file;
  if (path.empty() || role != LogRole::Launcher) return {};
  const auto file = util::open_for_append(path, util::Reader::Later);
  if (file) return {};
  const Error& error = file.error();
  return mistake(config, "maillog_file", path, "must be a file that can be written to",
                 error.code == 0
                     ? error.what
                     : fmt::format("open logfile '{}': {}", path, util::errno_text(error.code)));
}

void tell_children(const Params& params) {
  setenv(kTagVariable, params.syslog_name.c_str(), 1);
  if (params.maillog_file.empty()) {
    unsetenv(kSocketVariable);
    unsetenv(kHostVariable);
    return;
  }
  setenv(kSocketVariable, socket_path(params).c_str(), 1);
  setenv(kHostVariable, params.myhostname.c_str(), 1);
}

}  // namespace

std::optional<int> facility_named(std::string_view name) {
  const auto* const found =
      std::ranges::find(kFacilities, name, [](const auto& facility) { return facility.first; });
  if (found == kFacilities.end()) return std::nullopt;
  return found->second;
}

void open_log_early(std::string_view program, LogRole role) {
  const char* name = secure_getenv(kTagVariable);
  set_tag(name != nullptr && *name != '\0' ? name : "postfix", program);
  replace_sinks(early_sinks(program, role));
}

Status check_log(const Config& config, const Params& params) {
  if (!facility_named(params.syslog_facility)) {
    return mistake(config, "syslog_facility", params.syslog_facility,
                   "must be mail, daemon, user, local0 to local7 or another facility of syslog",
                   fmt::format("file {}: parameter syslog_facility: unrecognized value: {}",
                               config.main_cf(), params.syslog_facility));
  }
  if (params.maillog_file.empty()) return {};
  return check_log_file(config, params, "maillog_file", params.maillog_file);
}

Status try_open_log(const Config& config, const Params& params, std::string_view program,
                    LogRole role) {
  if (Status sound = check_log(config, params); !sound) return sound;
  if (Status opens = check_it_opens(config, params, role); !opens) return opens;
  tell_children(params);
  util::show_utf8_in_log(params.smtputf8_enable);
  set_tag(params.syslog_name, program);
  replace_sinks(sinks_for(params, *facility_named(params.syslog_facility), program, role));
  return {};
}

void open_log(const Config& config, const Params& params, std::string_view program, LogRole role) {
  util::or_die(try_open_log(config, params, program, role));
}

Status check_log_file(const Config& config, const Params& params, std::string_view parameter,
                      const std::string& path) {
  const auto prefixes = util::split(params.maillog_file_prefixes, ", \t\r\n");
  if (std::ranges::any_of(prefixes, [&](auto prefix) { return path.starts_with(prefix); }))
    return {};
  return mistake(config, parameter, path,
                 "must begin with one of maillog_file_prefixes: " + params.maillog_file_prefixes,
                 fmt::format("{} value '{}' does not match any prefix in maillog_file_prefixes",
                             parameter, path));
}

void also_to_stderr() {
  if (!std::exchange(wants_stderr(), true)) msg::add_sink(msg::stderr_sink(false));
}

void no_more_to_stderr() {
  wants_stderr() = false;
}

}  // namespace handoff::global
