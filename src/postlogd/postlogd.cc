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
//   session    The same for all that smtp(8) has to say about one connection, in all processes that
//              it went through; a connection keeps it until it is closed. Otherwise what a program
//              says about itself as "session=".
//   event      "submission" (pickup), "message" (cleanup), "active" (qmgr begins to deliver),
//              "delivery" (the outcome for one recipient), "expired" (qmgr gives up and tells the
//              sender), "removed", "client" (smtpd)
//   fields     The line's name=value pairs, under their names and without "< >": "to", "from",
//              "relay", "dsn", "status", ... Numbers are "delay" (seconds), "conn_use", "nrcpt",
//              "size", "uid", and the four of the list "delays". "detail" is the text in
//              parentheses at the end: what the server said, for example. A line that was too long
//              ends in the middle of it.
//   message    The text, as in the other file.
//   lost       How many lines could not be written before this one: the disk was full, or nobody
//              read the pipe. Stands beside "time" and "severity".
//
//   Bytes that are not UTF-8 become U+FFFD.
//
//   With maillog_file empty the log is syslog's. Programs send their lines there themselves and, if
//   there is a maillog_json_file, once more to postlogd(8) for that file alone. Only programs of
//   ours do so. Other records, which come from programs that have not read main.cf again, are
//   passed on to syslog under the name of their sender.
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
//   Problems are logged to the file itself; that it cannot be opened, to syslog. When
//   maillog_json_file cannot be opened, that is logged, and nothing else changes. Lines that did
//   not fit onto a full disk are counted, and a line says how many they were; so are those for a
//   FIFO that nobody has opened to read, but its reader may come at any time.
//
// BUGS
//   Records that come while no postlogd(8) runs wait in a queue of the kernel's that is short.
//
//   What master(8), postfix(1) and postlog(1) append to maillog_file themselves, because
//   postlogd(8) is not there, is not in maillog_json_file: the lines before the start of master(8).
//   With maillog_file empty the first words of each program, before it has read main.cf, are not
//   there either, nor are the lines of programs of Postfix.
//
// CONFIGURATION PARAMETERS
//   Changes to main.cf take effect with "postfix reload".
//
//   @parameters except max_use
//
// SEE ALSO
//   master(8), postfix(1) (logrotate), postconf(5), syslog(3)
#include <fmt/format.h>
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
#include "global/postlog_proto.h"
#include "postlogd/json_record.h"
#include "postlogd/log_file.h"
#include "postlogd/record.h"
#include "service/dgram_server.h"
#include "service/programs.h"
#include "util/msg.h"

namespace handoff::postlogd {
namespace {

// Where records go. The text comes first.
class Files {
 public:
  // `host`: for lines about the files themselves.
  explicit Files(std::string host) : host_(std::move(host)) {}
  void add_text(LogFile text) { text_.emplace(std::move(text)); }
  void add_json(LogFile json) { json_.emplace(std::move(json)); }
  [[nodiscard]] const std::string& host() const { return host_; }
  [[nodiscard]] bool have_text() const { return text_.has_value(); }

  void append(std::string_view record, std::string_view session = {}) {
    if (text_) text_->append(std::string(record), [this](auto count) { return loss(count); });
    append_json(record, session);
  }
  void append_json(std::string_view record, std::string_view session) {
    if (!json_) return;
    using std::chrono::milliseconds;
    const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
    json_->append(json_record(record, now, session),
                  [now](auto count) { return json_loss(count, now); });
  }

  // A record in place of `count` others.
  [[nodiscard]] std::string loss(std::uint64_t count) const {
    return msg::format_record(msg::Level::Warning, host_, msg::tag(),
                              fmt::format("{} lines were lost", count));
  }
  [[nodiscard]] std::uint64_t lost_texts() const { return text_ ? text_->lost() : 0; }
  [[nodiscard]] std::uint64_t lost_objects() const { return json_ ? json_->lost() : 0; }

 private:
  std::string host_;
  std::optional<LogFile> text_;
  std::optional<LogFile> json_;
};

// Our own lines take the short way.
class OwnLines final : public msg::Sink {
 public:
  explicit OwnLines(std::shared_ptr<Files> files) : files_(std::move(files)) {}
  void write(msg::Level level, std::string_view tag, std::string_view text) noexcept override {
    files_->append(msg::format_record(level, files_->host(), tag, text));
  }

 private:
  std::shared_ptr<Files> files_;
};

class Postlogd final : public service::DgramService {
 public:
  explicit Postlogd(service::Process& process)
      : config_(process.config()),
        params_(process.params()),
        files_(
            std::make_shared<Files>(params_.myhostname.substr(0, params_.myhostname.find('.')))) {
    process.set_watchdog(params_.postlogd_watchdog_timeout);
  }

  void pre_jail() override {
    if (!params_.maillog_file.empty()) open_text();
    msg::add_sink(std::make_unique<OwnLines>(files_));
    if (!params_.maillog_json_file.empty()) open_json();
  }

  void on_datagram(std::string_view record) override {
    const bool json_only = record.starts_with(kJsonOnly);
    if (json_only) record.remove_prefix(kJsonOnly.size());
    const std::string_view session = global::postlog_proto::take_session(record);
    if (json_only) return files_->append_json(record, session);
    if (!files_->have_text()) pass_to_syslog(record);
    files_->append(record, session);
  }

  void on_exit(service::Leaving /*why*/) override {
    if (files_->lost_objects() > 0)
      msg::warn("{}: {} lines were lost", params_.maillog_json_file, files_->lost_objects());
    if (files_->lost_texts() > 0) pass_to_syslog(files_->loss(files_->lost_texts()));
  }

 private:
  static constexpr std::string_view kJsonOnly = global::postlog_proto::kJsonOnly;

  // Our own lines then need no other way.
  void open_text() {
    auto text = LogFile::open(params_.maillog_file, LogFile::FullPipe::Wait);
    if (!text) {
      pass_to_syslog(
          msg::format_record(msg::Level::Fatal, files_->host(), msg::tag(), text.error().what));
      msg::fatal("{}", text.error().what);
    }
    files_->add_text(*std::move(text));
    msg::clear_sinks();
  }
  void open_json() {
    const std::string& path = params_.maillog_json_file;
    if (auto allowed = global::check_log_file(config_, params_, "maillog_json_file", path);
        !allowed)
      return msg::warn("{}", allowed.error().what);
    auto json = LogFile::open(path, LogFile::FullPipe::Lose);
    if (!json) return msg::warn("{}", json.error().what);
    files_->add_json(*std::move(json));
  }

  void pass_to_syslog(std::string_view text) const {
    const auto record = parse_record(text);
    if (!record) return;
    const std::string sender(record->sender);
    const int facility = global::facility_named(params_.syslog_facility).value_or(LOG_MAIL);
    openlog(sender.c_str(), LOG_NDELAY, facility);
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
