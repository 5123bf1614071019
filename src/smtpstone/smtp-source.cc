// NAME
//      smtp-source - SMTP and LMTP message generator, for tests
// SYNOPSIS
//      smtp-source [options] [inet:]host[:port]
//      smtp-source [options] unix:pathname
// DESCRIPTION
//      smtp-source(1) connects to a server and sends it messages, in as many sessions at once as
//      wanted. It speaks HELO, one command at a time, and is the counterpart of smtp-sink(1). The
//      port is "smtp" where none is given. Times are in seconds unless a unit follows: 2, 0.5,
//      20ms, 1m.
//
//      -4, -6
//           Connect to IPv4 or to IPv6 addresses only.
//      -A
//           Go on after a command or a message was refused, with the next message.
//      -c
//           Show a running counter of messages sent.
//      -C count
//           Try that often to connect to a server that refuses (1).
//      -d
//           Send the next message over the same connection.
//      -f address, -t address
//           The sender and the recipient (foo@ the own host name).
//      -F file
//           Send this header and body, with dot stuffing and CRLF added.
//      -l size
//           Send that many bytes as text, headers not counted.
//      -L
//           Speak LMTP.
//      -m count
//           Send that many messages (1).
//      -M name
//           The own host name.
//      -N
//           Number all recipients, without repetition; the number precedes the address.
//      -o
//           Send neither HELO nor message headers.
//      -r count
//           Recipients of each message (1); more than one are numbered.
//      -R time, -w time
//           Pause between the messages of a session, randomly up to that time, or for that time.
//      -s count
//           Sessions at once (1).
//      -S text
//           The subject.
//      -T size
//           The TCP window size.
//      -v
//           Show the conversations.
// DIAGNOSTICS
//      The first refusal, lost connection or silence of 300 seconds ends the program with status 1
//      (see -A).
// SEE ALSO
//      smtp-sink(1)

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <list>
#include <optional>
#include <random>
#include <string>

#include "smtpstone/message_supply.h"
#include "smtpstone/source_options.h"
#include "smtpstone/source_session.h"
#include "util/event_loop.h"
#include "util/msg.h"

namespace {

using namespace handoff;
using namespace handoff::smtpstone;
using util::Status;

std::string own_host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);  // what there is must do
}

class Generator final : private SourceSession::Host {
 public:
  Generator(const SourceOptions& options, std::vector<util::SocketAddress> servers,
            MessageSupply supply)
      : options_(options), servers_(std::move(servers)), supply_(std::move(supply)) {}

  // Why it ended early, if it did.
  std::optional<std::string> run() {
    for (int i = 0; i < options_.sessions && supply_.left() > 0 && !failure_; ++i) {
      ++running_;
      sessions_
          .emplace_back(static_cast<SourceSession::Host&>(*this), loop_, options_, servers_,
                        supply_, random_)
          .start();
    }
    if (running_ > 0 && !failure_) loop_.run();
    if (options_.show_counter) (void)std::fputs("\n", stdout);  // for a person
    return failure_;
  }

 private:
  void message_finished() override {
    ++finished_;
    if (!options_.show_counter) return;
    fmt::print("{}\r", finished_);
    (void)std::fflush(stdout);  // for a person
  }
  void session_finished() override {
    if (--running_ == 0) loop_.stop();
  }
  void session_failed(const std::string& reason) override {
    if (!failure_) failure_ = reason;
    loop_.stop();
  }

  const SourceOptions& options_;
  const std::vector<util::SocketAddress> servers_;
  MessageSupply supply_;
  std::mt19937 random_{std::random_device{}()};
  util::EventLoop loop_;
  std::list<SourceSession> sessions_;
  int running_ = 0;
  int finished_ = 0;
  std::optional<std::string> failure_;
};

int fail(const std::string& what) {
  fmt::print(stderr, "smtp-source: fatal: {}\n", what);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  msg::set_tag("smtp-source");
  auto options = parse_source_options({argv + 1, argv + argc});
  if (!options)
    return fail(options.error().what + "\nusage: smtp-source [options] host[:port] | unix:path");
  msg::set_verbose(options->verbose);
  if (options->manners.host.empty()) options->manners.host = own_host_name();
  raise_descriptor_limit();

  std::vector<util::SocketAddress> servers;
  if (!options->server.is_unix) {
    auto found = resolve(options->server, options->family, false);
    if (!found) return fail(found.error().what);
    servers = *std::move(found);
  }
  auto supply = MessageSupply::make(*options, options->manners.host);
  if (!supply) return fail(supply.error().what);
  Generator generator(*options, std::move(servers), *std::move(supply));
  if (const auto failure = generator.run()) return fail(*failure);
  return 0;
}
