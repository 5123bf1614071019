// NAME
//   postlogd - the mail system's log file
//
// SYNOPSIS
//   postlogd [generic daemon options]
//
// DESCRIPTION
//   The postlogd(8) daemon appends what the other programs have to say to the file that
//   maillog_file names, one line for each record. It is started by master(8) when the first record
//   comes.
//
//   With maillog_json_file the same lines are written once more for programs, one JSON object
//   (RFC 8259) on each line. The file with the texts comes first: it neither waits for the other
//   nor is it changed by it. An object has these members, where the line tells them:
//
//   time       When the line was made, UTC with milliseconds: "2026-11-21T21:07:05.123Z"
//              (RFC 3339). A line that had to wait for postlogd(8) has whole seconds.
//   host       The first label of myhostname.
//   service    The service in master.cf where its syslog_name tells it ("postfix/relay"), otherwise
//              the program.
//   program    "smtp"
//   pid        A number.
//   severity   "info", "warning", "error", "fatal" or "panic"
//   queue_id   Of the message that it is about.
//   session    What a program says about itself as "session=".
//   event      "submission" (pickup), "message" (cleanup), "active" (qmgr begins to deliver),
//              "delivery" (the outcome for one recipient), "removed", "client" (smtpd)
//   fields     The line's name=value pairs, under their names and without "< >": "to", "from",
//              "relay", "dsn", "status", ... Numbers are "delay" (seconds), "conn_use", "nrcpt",
//              "size", "uid", and the four of the list "delays". "detail" is the text in
//              parentheses at the end: what the server said, for example.
//   message    The text, as in the other file.
//   lost       How many lines could not be written before this one: the disk was full, or nobody
//              read the pipe. Stands beside "time" and "severity".
//
//   Bytes that are not UTF-8 become U+FFFD.
//
//   With maillog_file empty, records that still come, from programs that have not read main.cf
//   again, are passed on to syslog under the name of their sender.
//
//   No record is lost that was sent before the process ends: at a reload, when idle, and when the
//   mail system is stopped, it empties its socket first.
//
// SECURITY
//   Opens the file with the privileges that master(8) gave, then drops them. Takes records from
//   every local user who can search the "public" queue directory, and changes nothing but the
//   length of the file.
//
// DIAGNOSTICS
//   Problems are logged to the file itself. When maillog_json_file cannot be opened, that is
//   logged, and nothing else changes.
//
// BUGS
//   Records that come while no postlogd(8) runs wait in a queue of the kernel's that is short.
//
//   What master(8), postfix(1) and postlog(1) append to maillog_file themselves, because
//   postlogd(8) is not there, is not in maillog_json_file: the lines before the start of master(8).
//
// CONFIGURATION PARAMETERS
//   Changes to main.cf take effect with "postfix reload".
//
//   @parameters except max_use
//
// SEE ALSO
//   master(8), postfix(1) (logrotate), postconf(5), syslog(3)
#include <syslog.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "global/config.h"
#include "global/mail_log.h"
#include "global/params.h"
#include "postlogd/json_file.h"
#include "postlogd/log_file.h"
#include "postlogd/record.h"
#include "service/dgram_server.h"
#include "service/programs.h"
#include "util/msg.h"

namespace handoff::postlogd {
namespace {

// Where records go. The text comes first; there is nobody left to tell when that fails, and the
// next record may fit again.
class Files {
 public:
  explicit Files(LogFile text) : text_(std::move(text)) {}
  void add_json(JsonFile json) { json_.emplace(std::move(json)); }

  void append(std::string_view record) {
    (void)text_.append(record);
    if (!json_) return;
    const auto now = std::chrono::system_clock::now();
    json_->append(record, std::chrono::time_point_cast<std::chrono::milliseconds>(now));
  }
  [[nodiscard]] std::uint64_t lost() const { return json_ ? json_->lost() : 0; }

 private:
  LogFile text_;
  std::optional<JsonFile> json_;
};

// Our own lines take the short way.
class OwnLines final : public msg::Sink {
 public:
  OwnLines(std::shared_ptr<Files> files, std::string host)
      : files_(std::move(files)), host_(std::move(host)) {}
  void write(msg::Level level, std::string_view tag, std::string_view text) noexcept override {
    files_->append(msg::format_record(level, host_, tag, text));
  }

 private:
  std::shared_ptr<Files> files_;
  std::string host_;
};

class Postlogd final : public service::DgramService {
 public:
  explicit Postlogd(service::Process& process)
      : config_(process.config()), params_(process.params()) {
    process.set_watchdog(params_.postlogd_watchdog_timeout);
  }

  void pre_jail() override {
    if (params_.maillog_file.empty()) return;
    auto text = LogFile::open(params_.maillog_file);
    if (!text) msg::fatal("{}", text.error().what);
    files_ = std::make_shared<Files>(*std::move(text));
    msg::clear_sinks();
    const std::string& name = params_.myhostname;
    msg::add_sink(std::make_unique<OwnLines>(files_, name.substr(0, name.find('.'))));
    if (!params_.maillog_json_file.empty()) open_json();
  }

  void on_datagram(std::string_view record) override {
    if (!files_) return pass_to_syslog(record);
    files_->append(record);
  }

  void on_exit(service::Leaving /*why*/) override {
    if (files_ && files_->lost() > 0)
      msg::warn("{}: {} lines were lost", params_.maillog_json_file, files_->lost());
  }

 private:
  void open_json() {
    const std::string& path = params_.maillog_json_file;
    if (auto allowed = global::check_log_file(config_, params_, "maillog_json_file", path);
        !allowed)
      return msg::warn("{}", allowed.error().what);
    auto json = JsonFile::open(path);
    if (!json) return msg::warn("{}", json.error().what);
    files_->add_json(*std::move(json));
  }

  static void pass_to_syslog(std::string_view text) {
    const auto record = parse_record(text);
    if (!record) return;
    const std::string sender(record->sender);
    openlog(sender.c_str(), LOG_NDELAY, LOG_MAIL);
    syslog(syslog_level(record->text), "%.*s", static_cast<int>(record->text.size()),
           record->text.data());
    closelog();
  }

  const global::Config& config_;
  const global::Params& params_;
  std::shared_ptr<Files> files_;
};

}  // namespace
}  // namespace handoff::postlogd

int main(int argc, char** argv) {
  using namespace handoff;
  const auto make = [](service::Process& process) {
    return std::make_unique<postlogd::Postlogd>(process);
  };
  return service::run_dgram_server(argc, argv, service::kPostlogd.needs, make,
                                   global::LogRole::Server);
}
