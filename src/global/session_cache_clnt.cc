#include "global/session_cache_clnt.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "global/scache_channel.h"
#include "util/hang_up.h"
#include "util/msg.h"
#include "util/sockets.h"

namespace handoff::global {

using namespace std::chrono_literals;
using util::Error;
using util::Result;
using util::Status;
using util::UniqueFd;

namespace {

constexpr int kAttempts = 2;
// A second socket that takes a connection and closes it without a word so often in a row does not
// want this client.
constexpr int kUnwelcome = 2;

// Such words would end early on the wire, and what follows would be taken for something else.
bool has_nul(std::initializer_list<std::string_view> words) {
  const bool found = std::ranges::any_of(
      words, [](std::string_view word) { return word.find('\0') != word.npos; });
  if (found) msg::warn("not saved in the connection cache: NUL character in a label or property");
  return found;
}

void check_ttl(SessionCache::Ttl ttl, std::string_view caller) {
  if (ttl <= 0ms) msg::panic("{}: bad ttl: {}", caller, ttl.count());
}

}  // namespace

ClientSessionCache::ClientSessionCache(Options options)
    : options_(std::move(options)),
      second_socket_(options_.service + std::string(kSecondSocketSuffix)) {}
ClientSessionCache::~ClientSessionCache() = default;

// --- The connection.

bool ClientSessionCache::connect_first() {
  auto socket = options_.connect ? options_.connect()
                                 : util::connect_unix(options_.service, options_.timeout);
  if (!socket) {
    msg::warn("connect to {}: {}", options_.service, util::errno_text(socket.error().code));
    return false;
  }
  msg::debug("auto_clnt_open: connected to {}", options_.service);
  channel_ = first_socket_channel(*std::move(socket), options_);
  return true;
}

// Why it cannot be done is nobody's business: stock's scache(8) has no second socket, and ours has
// none when it is not running.
bool ClientSessionCache::connect_second() {
  second_socket_likely_ = false;
  const bool possible = options_.connect_second || !options_.connect;
  if (!possible || options_.now() < second_socket_barred_until_) return false;
  auto socket = options_.connect_second
                    ? options_.connect_second()
                    : util::connect_unix_packets(second_socket_, options_.timeout);
  if (!socket) return false;
  msg::debug("auto_clnt_open: connected to {}", second_socket_);
  channel_ = second_socket_channel(*std::move(socket), options_);
  on_second_socket_ = second_socket_likely_ = true;
  return true;
}

// The second socket first, if there was one the last time. A connection to the first one makes
// master start a server; once that has spoken it is known for sure whether there is a second one.
// So where there is none, that costs one attempt for each connection to the first.
Status ClientSessionCache::open() {
  on_second_socket_ = false;
  if (second_socket_likely_ && connect_second()) return {};
  if (!connect_first()) return Error::closed("not connected");
  Status greeted = channel_->greet();
  if (greeted) (void)connect_second();  // the first one is as good
  return greeted;
}

bool ClientSessionCache::disabled() {
  if (!disabled_since_) return false;
  if (options_.now() - *disabled_since_ < options_.retry_after) return true;
  disabled_since_.reset();
  return false;
}

void ClientSessionCache::disable() {
  msg::warn("disabling connection caching");
  disabled_since_ = options_.now();
}

// True when the exchange has been completed, whatever the server answered.
bool ClientSessionCache::talk(Operation operation, const Exchange& exchange) {
  if (disabled()) return false;
  int failures_while_connected = 0;
  for (int attempt = 1;; ++attempt) {
    Outcome outcome = Outcome::Deserted;
    while (outcome == Outcome::Deserted)
      outcome = try_once(operation, exchange, failures_while_connected);
    if (outcome == Outcome::Done) return true;
    if (attempt == kAttempts) break;
    std::this_thread::sleep_for(options_.pause);
  }
  disable();
  return false;
}

ClientSessionCache::Outcome ClientSessionCache::try_once(Operation operation,
                                                         const Exchange& exchange,
                                                         int& failures_while_connected) {
  const bool reused = channel_ != nullptr;
  Status done = reused ? Status() : open();
  if (!channel_) return Outcome::Failed;
  channel_->begin_exchange();
  if (done) done = exchange(*channel_);
  if (done) {
    channel_->used = options_.now();
    if (on_second_socket_) desertions_ = 0;
    return Outcome::Done;
  }
  if (is_desertion(reused, done.error())) {
    channel_.reset();
    return Outcome::Deserted;
  }
  ++failures_while_connected;
  log_failure(operation, done.error(), failures_while_connected == 1);
  disconnect();
  return Outcome::Failed;
}

// It left while nobody looked: no fault of anybody. Where the server greets, this can only be said
// of a connection that has been used before.
bool ClientSessionCache::is_desertion(bool reused, const Error& error) {
  if (channel_->heard() || !util::is_hang_up(error)) return false;
  if (reused) return true;
  if (!on_second_socket_) return false;
  second_socket_likely_ = false;
  if (++desertions_ < kUnwelcome) return true;
  desertions_ = 0;
  second_socket_barred_until_ = options_.now() + options_.retry_after;
  return true;
}

// The rules of spec/ipc.md 6.
void ClientSessionCache::log_failure(Operation operation, const Error& error,
                                     bool first_while_connected) const {
  if (error.kind == Error::Kind::Syntax) return;  // another protocol's name: has been logged
  const bool first_save =
      operation == Operation::SaveEndpoint && error.code == 0 && first_while_connected;
  const bool worth_a_word = error.code != EPIPE && error.code != ENOENT && !first_save;
  if (worth_a_word || msg::verbose() > 0)
    msg::warn("problem talking to service {}: {}", options_.service, util::errno_text(error.code));
}

void ClientSessionCache::disconnect() {
  msg::debug("auto_clnt_close: disconnect {} stream",
             on_second_socket_ ? second_socket_ : options_.service);
  channel_.reset();
}

std::optional<ClientSessionCache::Duration> ClientSessionCache::tidy() {
  if (!channel_) return std::nullopt;
  const Clock::time_point now = options_.now();
  auto left = Duration::max();
  const auto consider = [&](Duration limit, Clock::time_point since) {
    if (limit > 0ms) left = std::min(left, std::chrono::ceil<Duration>(since + limit - now));
  };
  consider(options_.idle_limit, channel_->used);
  consider(options_.lifetime_limit, channel_->opened);
  if (left > 0ms) return left;
  disconnect();
  return std::nullopt;
}

// --- The operations.

namespace {

void show_endpoint(std::string_view label, const Session& session) {
  msg::debug("scache_clnt_save_endp: endp={} prop={} fd={}", label, session.property,
             session.connection.get());
}

void show_destination(std::string_view label, const Binding& binding) {
  msg::debug("scache_clnt_save_dest: dest_label={} dest_prop={} endp_label={}", label,
             binding.property, binding.endpoint);
}

void show_endpoint_status(ScacheStatus status) {
  if (status != ScacheStatus::Ok && msg::verbose() > 0)
    msg::warn("scache_clnt_save_endp: descriptor save failed with status {}",
              static_cast<int>(status));
}

void show_destination_status(ScacheStatus status) {
  if (status != ScacheStatus::Ok && msg::verbose() > 0)
    msg::warn("scache_clnt_save_dest: destination save failed with status {}",
              static_cast<int>(status));
}

void close_our_copy(Session session) {
  const int fd = session.connection.release();
  if (close(fd) < 0) msg::warn("scache_clnt_save_endp: close({}): {}", fd, util::errno_text(errno));
}

}  // namespace

void ClientSessionCache::save_endpoint(std::string_view label, Session session, Ttl ttl) {
  check_ttl(ttl, "scache_clnt_save_endp");
  show_endpoint(label, session);
  if (!has_nul({label, session.property, session.farewell})) {
    (void)talk(Operation::SaveEndpoint, [&](ScacheChannel& channel) -> Status {  // closed anyway
      const auto status = channel.save_endpoint(label, session, ttl);
      if (!status) return status.error();
      show_endpoint_status(*status);
      return {};
    });
  }
  close_our_copy(std::move(session));
}

void ClientSessionCache::save_destination(std::string_view label, const Binding& binding, Ttl ttl) {
  check_ttl(ttl, "scache_clnt_save_dest");
  show_destination(label, binding);
  if (has_nul({label, binding.property, binding.endpoint})) return;
  (void)talk(Operation::Other, [&](ScacheChannel& channel) -> Status {  // a loss, but no problem
    const auto status = channel.save_destination(label, binding, ttl);
    if (!status) return status.error();
    show_destination_status(*status);
    return {};
  });
}

// The binding, and the session along with it; where that cannot be done, the session after it.
void ClientSessionCache::save(std::string_view destination, const Binding& binding, Session session,
                              Ttl ttl) {
  check_ttl(ttl, "scache_clnt_save_dest");
  if (has_nul(
          {destination, binding.property, binding.endpoint, session.property, session.farewell}))
    return close_our_copy(std::move(session));
  show_destination(destination, binding);
  bool with_session = false;
  (void)talk(Operation::Other, [&](ScacheChannel& channel) -> Status {  // a loss, but no problem
    const auto saved = channel.save(destination, binding, session, ttl);
    if (!saved) return saved.error();
    with_session = saved->with_session;
    show_destination_status(saved->status);
    return {};
  });
  if (!with_session) return save_endpoint(binding.endpoint, std::move(session), ttl);
  show_endpoint(binding.endpoint, session);
  close_our_copy(std::move(session));
}

std::optional<Session> ClientSessionCache::find_endpoint(std::string_view label) {
  std::optional<Session> found;
  const bool answered = talk(Operation::Other, [&](ScacheChannel& channel) -> Status {
    auto result = channel.find_endpoint(label);
    if (!result) return std::move(result).error();
    found = *std::move(result);
    return {};
  });
  if (found)
    msg::debug("scache_clnt_find_endp: endp={} prop={} fd={}", label, found->property,
               found->connection.get());
  else if (answered)
    msg::debug("scache_clnt_find_endp: not found: {}", label);
  return found;
}

std::optional<DestinationHit> ClientSessionCache::find_destination(std::string_view label) {
  std::optional<DestinationHit> found;
  const bool answered = talk(Operation::Other, [&](ScacheChannel& channel) -> Status {
    auto result = channel.find_destination(label);
    if (!result) return std::move(result).error();
    found = *std::move(result);
    return {};
  });
  if (found)
    msg::debug("scache_clnt_find_dest: dest={} dest_prop={} endp_prop={} fd={}", label,
               found->property, found->session.property, found->session.connection.get());
  else if (answered)
    msg::debug("scache_clnt_find_dest: not found: {}", label);
  return found;
}

}  // namespace handoff::global
