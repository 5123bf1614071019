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
//   Problems are logged to the file itself.
//
// BUGS
//   Records that come while no postlogd(8) runs wait in a queue of the kernel's that is short.
//
// CONFIGURATION PARAMETERS
//   Changes to main.cf take effect with "postfix reload".
//
//   @parameters except max_use
//
// SEE ALSO
//   master(8), postconf(5), syslog(3)
#include <syslog.h>

#include <memory>
#include <optional>
#include <string>

#include "global/params.h"
#include "postlogd/log_file.h"
#include "postlogd/record.h"
#include "service/dgram_server.h"
#include "util/msg.h"

namespace handoff::postlogd {
namespace {

using Lines = std::shared_ptr<LogFile>;

// Our own lines take the short way.
class OwnLines final : public msg::Sink {
 public:
  OwnLines(Lines file, std::string host) : file_(std::move(file)), host_(std::move(host)) {}
  void write(msg::Level level, std::string_view tag, std::string_view text) noexcept override {
    (void)file_->append(msg::format_record(level, host_, tag, text));  // nobody left to tell
  }

 private:
  Lines file_;
  std::string host_;
};

class Postlogd final : public service::DgramService {
 public:
  explicit Postlogd(service::Process& process) : params_(process.params()) {
    process.set_watchdog(params_.postlogd_watchdog_timeout);
  }

  void pre_jail() override {
    if (params_.maillog_file.empty()) return;
    auto file = LogFile::open(params_.maillog_file);
    if (!file) msg::fatal("{}", file.error().what);
    file_ = std::make_shared<LogFile>(*std::move(file));
    msg::clear_sinks();
    const std::string& name = params_.myhostname;
    msg::add_sink(std::make_unique<OwnLines>(file_, name.substr(0, name.find('.'))));
  }

  void on_datagram(std::string_view record) override {
    if (!file_) return pass_to_syslog(record);
    // Nowhere to complain; the next record may fit again.
    (void)file_->append(record);
  }

 private:
  static void pass_to_syslog(std::string_view text) {
    const auto record = parse_record(text);
    if (!record) return;
    const std::string sender(record->sender);
    openlog(sender.c_str(), LOG_NDELAY, LOG_MAIL);
    syslog(syslog_level(record->text), "%.*s", static_cast<int>(record->text.size()),
           record->text.data());
    closelog();
  }

  const global::Params& params_;
  Lines file_;
};

}  // namespace
}  // namespace handoff::postlogd

int main(int argc, char** argv) {
  using namespace handoff;
  service::DgramNeeds needs;
  needs.processes = service::Needs::Processes::One;
  needs.max_use = false;
  needs.is_the_log = true;
  return service::run_dgram_server(argc, argv, needs, [](service::Process& process) {
    return std::make_unique<postlogd::Postlogd>(process);
  });
}
