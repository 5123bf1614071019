// NAME
//      smtp-sink - SMTP and LMTP server that takes mail and throws it away, for tests
// SYNOPSIS
//      smtp-sink [options] address... backlog
// DESCRIPTION
//      smtp-sink(1) listens on each address and takes messages from the network, thousands of
//      connections at a time. It measures clients, and shows them servers that are slow, rude or
//      broken; it checks nothing that a client says. It is the counterpart of smtp-source(1).
//
//      An address is [inet:][host]:port or unix:pathname. With port 0 the system chooses one; see
//      --listening. The backlog is the length of the queue of each listening socket.
//
//      Commands in options are CONNECT, HELO, EHLO, LHLO, MAIL, RCPT, VRFY, DATA, ".", BDAT, RSET,
//      NOOP, QUIT, AUTH, XCLIENT, XFORWARD, in upper or lower case, separated by commas or blanks;
//      CONNECT stands for the greeting, "." for the end of a message. Times are in seconds unless
//      a unit follows: 2, 0.5, 20ms, 1m.
//
//      Options that Postfix's smtp-sink(1) has, too:
//
//      -4, -6
//           Listen on IPv4 or on IPv6 addresses only.
//      -8, -a, -C, -E, -F, -N, -p
//           Do not announce 8BITMIME, AUTH, XCLIENT, ENHANCEDSTATUSCODES, XFORWARD, DSN,
//           PIPELINING.
//      -A time
//           After the reply to DATA, wait that long, reply 550 and hang up.
//      -b reply, -B reply
//           The replies of -r ("450 4.3.0 Error: command failed") and -f ("500 5.3.0 Error:
//           command failed").
//      -c
//           Show counters of sessions, QUIT commands and messages.
//      -d template
//           Write each message to a file, named by the template, expanded by strftime(3), and a
//           random hexadecimal number. Missing directories are made.
//      -D template
//           Append all messages to one file.
//      -e
//           Do not speak ESMTP.
//      -f command[:percent],...
//           Refuse the commands with a 5xx reply; implies -p. With a percentage (of ours), only
//           that many of them.
//      -h name
//           The host name in replies ("smtp-sink").
//      -H time
//           After the reply to DATA, wait that long before the message is read.
//      -L
//           Speak LMTP.
//      -m count
//           Serve at most that many connections at once (256).
//      -M count, -n count
//           Exit after that many messages, or sessions, when no reply is left to be sent.
//      -P
//           Greet like a Cisco PIX; implies -e.
//      -q command[:percent],...
//           Hang up instead of replying.
//      -Q command[:percent],...
//           Reply 421 and hang up.
//      -r command[:percent],...
//           Refuse the commands with a 4xx reply; implies -p.
//      -R directory
//           Change the root directory.
//      -s command,...
//           Log these commands to syslog.
//      -S text
//           Put this in front of each message that -d or -D writes; escape sequences as in C.
//      -t time
//           Time limit for a client's silence (100).
//      -T size
//           The TCP window size.
//      -u user
//           Switch to this user when listening. Required for root.
//      -v
//           Show the conversations.
//      -w time
//           Wait that long before replying to DATA.
//      -W command:time[:odds]
//           Wait that long before replying to the command; and again with a probability of `odds`
//           percent, and so on.
//
//      Options of ours:
//
//      -J file, --counters=file
//           Write the counters to this file, as one JSON object: at the start, at the end, on
//           SIGUSR1, and every so often with --counters-interval. The file is always whole. Its
//           `round_trips` are the replies that began when no other was outstanding: how often
//           clients waited, by the first command of those that were answered.
//      --counters-interval=time
//      --listening=file
//           Write the real addresses, a line each in the order of the command line, when clients
//           can connect; "-" is standard output.
//      --max-segment-size=bytes
//           Announce this TCP segment size. Loopback's is far larger than any real network's, and
//           clients that size their buffers by it behave differently.
//      --messages-per-connection=count
//           After that many messages, reply 421 to the next command but QUIT, and hang up.
//      --offer=smtputf8,chunking,size[=bytes]
//           Announce SMTPUTF8, CHUNKING (the BDAT command), SIZE; larger messages are refused.
//      --reply-delay=time
//           Between the arrival of anything and its answer, as if the client were that far away:
//           commands that arrive together are answered together.
//      --store=directory
//           Keep each message byte for byte, without dot stuffing, as NAME.eml and its envelope as
//           NAME.json.
// SECURITY
//      As root it listens first and then switches to the user named by -u. Files are written as
//      that user.
// DIAGNOSTICS
//      On SIGTERM and SIGINT it writes the counters and exits with status 0.
// BUGS
//      Unlike Postfix's, it takes a message's end and dot stuffing literally: lines end in CRLF.
// SEE ALSO
//      smtp-source(1), smtp(8)

#include <fmt/format.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "smtpstone/dump_store.h"
#include "smtpstone/file_output.h"
#include "smtpstone/folder_store.h"
#include "smtpstone/sink_listener.h"
#include "smtpstone/sink_options.h"
#include "smtpstone/sink_server.h"
#include "util/event_loop.h"
#include "util/msg.h"

namespace {

using namespace handoff;
using namespace handoff::smtpstone;
using util::Error;
using util::Status;

Status become(const std::string& user, const std::string& root_directory) {
  const passwd* account = user.empty() ? nullptr : ::getpwnam(user.c_str());
  if (!user.empty() && account == nullptr)
    return Error::not_found(fmt::format("unknown user: {}", user));
  if (account != nullptr && ::geteuid() == 0) {
    if (::initgroups(user.c_str(), account->pw_gid) != 0) return Error::system("initgroups", errno);
  }
  if (!root_directory.empty()) {
    if (::chroot(root_directory.c_str()) != 0)
      return Error::system("chroot " + root_directory, errno);
    if (::chdir("/") != 0) return Error::system("chdir /", errno);
  }
  if (account == nullptr || ::geteuid() == account->pw_uid) return {};
  if (::setgid(account->pw_gid) != 0) return Error::system("setgid", errno);
  if (::setuid(account->pw_uid) != 0) return Error::system("setuid", errno);
  return {};
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);  // what there is must do
}

std::unique_ptr<MessageStore> make_store(const SinkOptions& options) {
  if (!options.store_directory.empty())
    return std::make_unique<FolderStore>(options.store_directory);
  if (!options.dump_template.empty())
    return std::make_unique<DumpStore>(DumpFormat{options.dump_template, options.dump_into_one_file,
                                                  options.dump_start, options.policy.host});
  return nullptr;
}

Status announce(const std::string& file, const std::vector<SinkListener>& listeners) {
  std::string text;
  for (const SinkListener& listener : listeners) text += listener.name + "\n";
  if (file.empty()) return {};
  if (file != "-") return replace_file(file, text);
  (void)std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) != 0) return Error::system("standard output", errno);
  return {};
}

// Writes the counters whenever they are due.
class CounterFile {
 public:
  CounterFile(const SinkOptions& options, const Tally& tally, util::Scheduler& scheduler)
      : file_(options.counters_file),
        interval_(options.counters_interval),
        tally_(tally),
        scheduler_(scheduler) {
    if (!file_.empty() && interval_.count() > 0) write_later();
  }

  [[nodiscard]] Status write() const {
    return file_.empty() ? Status() : replace_file(file_, tally_.json());
  }
  void write_or_warn() const {
    if (Status written = write(); !written) msg::warn("{}", written.error().what);
  }

 private:
  void write_later() {
    timer_ = scheduler_.after(interval_, [this] {
      write_or_warn();
      write_later();
    });
  }

  std::string file_;
  std::chrono::milliseconds interval_;
  const Tally& tally_;
  util::Scheduler& scheduler_;
  util::Timer timer_;
};

Status serve(const SinkOptions& options, std::vector<SinkListener> listeners) {
  util::EventLoop loop;
  Tally tally;
  std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<int> dice(0, 99);
  const std::unique_ptr<MessageStore> store = make_store(options);
  const SinkServer::Limits limits{options.most_sessions, options.exit_after_sessions,
                                  options.exit_after_messages};
  const SinkSession::Timing timing{options.time_limit, options.reply_delay};
  const CounterFile counters(options, tally, loop);
  if (Status written = counters.write(); !written) return written;
  {
    SinkServer server(
        options.policy, limits, timing, loop, tally, store.get(), [&] { return dice(random); },
        [&] { loop.stop(); });
    if (options.show_counters) server.show_counters();
    const util::Watch terminate = loop.on_signal(SIGTERM, [&] { loop.stop(); });
    const util::Watch interrupt = loop.on_signal(SIGINT, [&] { loop.stop(); });
    const util::Watch tell = loop.on_signal(SIGUSR1, [&] { counters.write_or_warn(); });
    if (Status announced = announce(options.listening_file, listeners); !announced)
      return announced;
    for (SinkListener& listener : listeners)
      server.listen(std::move(listener.socket), listener.name);
    loop.run();
  }
  return counters.write();
}

Status run(const SinkOptions& options) {
  if (::geteuid() == 0 && options.user.empty())
    return Error::syntax("-u option is required if running as root");
  raise_descriptor_limit();
  std::vector<SinkListener> listeners;
  for (const TransportAddress& address : options.addresses) {
    if (Status opened = open_listeners(address, options, listeners); !opened) return opened;
  }
  if (Status changed = become(options.user, options.root_directory); !changed) return changed;
  return serve(options, std::move(listeners));
}

int fail(const std::string& what) {
  fmt::print(stderr, "smtp-sink: fatal: {}\n", what);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  msg::set_tag("smtp-sink");
  const auto options = parse_sink_options({argv + 1, argv + argc});
  if (!options)
    return fail(options.error().what + "\nusage: smtp-sink [options] [host]:port... backlog");
  msg::add_sink(msg::stderr_sink(false));
  if (options->log_commands) msg::add_sink(msg::syslog_sink(LOG_MAIL));
  msg::set_verbose(options->verbose);
  if (Status done = run(*options); !done) return fail(done.error().what);
  return 0;
}
