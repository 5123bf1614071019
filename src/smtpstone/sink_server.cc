#include "smtpstone/sink_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "util/msg.h"
#include "util/sockets.h"

namespace handoff::smtpstone {
namespace {

using namespace std::chrono_literals;

// A burst of clients must not keep those who are being served waiting.
constexpr int kAcceptsAtATime = 16;

std::string client_name(const util::UniqueFd& socket) {
  const auto peer = util::peer_address(socket.get());
  return peer && peer->family() != AF_UNIX ? peer->text() : "127.0.0.1";
}

}  // namespace

SinkServer::SinkServer(const Policy& policy, const Limits& limits,
                       const SinkSession::Timing& timing, util::Scheduler& scheduler, Tally& tally,
                       MessageStore* store, ServerDialogue::Dice dice,
                       std::function<void()> finished)
    : policy_(policy),
      limits_(limits),
      timing_(timing),
      scheduler_(scheduler),
      tally_(tally),
      store_(store),
      dice_(std::move(dice)),
      finished_(std::move(finished)) {}

SinkServer::~SinkServer() {
  for (const auto& [session, owner] : sessions_) ++tally_.sessions_by_messages[session->messages()];
}

void SinkServer::listen(util::UniqueFd socket, const std::string& name) {
  listeners_.push_back({std::move(socket), &tally_.addresses[name], {}});
  watch(listeners_.back());
}

void SinkServer::watch(Listener& listener) {
  listener.watch =
      scheduler_.readable(listener.socket.get(), [this, &listener] { on_client(listener); });
}

void SinkServer::watch_all() {
  for (Listener& listener : listeners_)
    if (!listener.watch.pending()) watch(listener);
}

void SinkServer::on_client(Listener& listener) {
  for (int i = 0; i < kAcceptsAtATime && !full(); ++i) {
    auto socket = util::accept_connection(listener.socket.get());
    if (socket) {
      start_session(*std::move(socket), listener);
      continue;
    }
    const int code = socket.error().code;
    if (code == EAGAIN || code == EWOULDBLOCK) return;
    if (util::transient_accept_error(code)) continue;
    msg::warn("{}", socket.error().what);
    for (Listener& each : listeners_) each.watch.cancel();
    accept_again_ = scheduler_.after(1s, [this] { watch_all(); });
    return;
  }
  if (full())
    for (Listener& each : listeners_) each.watch.cancel();
}

void SinkServer::start_session(util::UniqueFd socket, Listener& listener) {
  ++tally_.sessions;
  ++tally_.open_sessions;
  tally_.most_open_sessions = std::max(tally_.most_open_sessions, tally_.open_sessions);
  ++listener.address->sessions;
  ServerDialogue dialogue(policy_, tally_, dice_, store_, client_name(socket));
  auto session = std::make_unique<SinkSession>(static_cast<SinkSession::Host&>(*this), scheduler_,
                                               timing_, tally_, std::move(socket),
                                               std::move(dialogue), *listener.address);
  SinkSession& started = *session;
  sessions_.emplace(&started, std::move(session));
  started.start();
}

bool SinkServer::full() const {
  return sessions_.size() >= static_cast<std::size_t>(limits_.most_sessions);
}

void SinkServer::session_quiet(SinkSession&) {
  print_counters();
  stop_at_limits();
}

void SinkServer::session_ended(SinkSession& session) {
  const bool was_full = full();
  ++tally_.sessions_by_messages[session.messages()];
  --tally_.open_sessions;
  sessions_.erase(&session);
  if (was_full) watch_all();
  print_counters();
  stop_at_limits();
}

void SinkServer::print_counters() {
  if (!show_counters_) return;
  std::string line =
      fmt::format("sess={} quit={} mesg={}\r", tally_.sessions - tally_.open_sessions, tally_.quits,
                  tally_.messages);
  if (line == shown_) return;
  shown_ = std::move(line);
  (void)std::fputs(shown_.c_str(), stdout);  // for a person; nothing depends on it
  (void)std::fflush(stdout);
}

void SinkServer::stop_at_limits() {
  const auto reached = [](std::uint64_t count, int limit) {
    return limit > 0 && count >= static_cast<std::uint64_t>(limit);
  };
  const std::uint64_t ended = tally_.sessions - tally_.open_sessions;
  if (!reached(tally_.messages, limits_.exit_after_messages) &&
      !reached(ended, limits_.exit_after_sessions))
    return;
  const auto waiting = [](const auto& each) { return each.first->outstanding(); };
  if (std::none_of(sessions_.begin(), sessions_.end(), waiting)) finished_();
}

}  // namespace handoff::smtpstone
