#include "global/session_cache_clnt.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include "global/scache_proto.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/pass_fd.h"
#include "util/sockets.h"

namespace handoff::global {

using namespace std::chrono_literals;
using util::Error;
using util::Result;
using util::Status;
using util::UniqueFd;

namespace {

constexpr std::size_t kReadSize = 4096;
constexpr int kAttempts = 2;

// "Application error" in the log, for what has no errno.
Error without_errno(std::string what) {
  return Error{Error::Kind::Protocol, std::move(what), 0};
}

bool is_hang_up(const Error& error) {
  return error.kind == Error::Kind::Closed || error.code == EPIPE || error.code == ECONNRESET;
}

// Such words would end early on the wire, and what follows would be taken for something else.
bool has_nul(std::string_view a, std::string_view b, std::string_view c = {}) {
  constexpr char kNul = '\0';
  const bool found = a.find(kNul) != a.npos || b.find(kNul) != b.npos || c.find(kNul) != c.npos;
  if (found) msg::warn("not saved in the connection cache: NUL character in a label or property");
  return found;
}

std::chrono::seconds whole_seconds(SessionCache::Ttl ttl, std::string_view caller) {
  if (ttl <= 0ms) msg::panic("{}: bad ttl: {}", caller, ttl.count());
  return std::chrono::ceil<std::chrono::seconds>(ttl);
}

}  // namespace

// A connection to the server. The socket is in blocking mode, with time limits set once: each
// exchange costs one system call to send and one to receive.
class ClientSessionCache::Channel {
 public:
  Channel(UniqueFd socket, const Options& options)
      : opened(options.now()), used(opened), options_(options), socket_(std::move(socket)) {
    if (options_.timeout <= 0ms) return;
    const timeval limit{.tv_sec = options_.timeout / 1s,
                        .tv_usec = options_.timeout % 1s / std::chrono::microseconds(1)};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
      if (setsockopt(socket_.get(), SOL_SOCKET, option, &limit, sizeof limit) < 0)
        msg::fatal("setsockopt: {}", util::errno_text(errno));  // only a bug of ours
    }
  }

  Clock::time_point opened;
  Clock::time_point used;

  Status send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return failure("send", errno);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }
  Status send_fd(int fd) { return util::send_fd(socket_.get(), fd); }

  // Exactly one list, with its terminator.
  Result<std::string> receive_list() {
    util::attr0::ListScanner scanner;
    std::string bytes;
    while (true) {
      std::array<char, kReadSize> buffer;
      auto received = receive(buffer);
      if (!received) return truncated(scanner, bytes, std::move(received).error());
      bytes.append(buffer.data(), received->bytes);
      const auto length = scanner.scan(bytes);
      if (!length) return without_errno(length.error().what);
      if (*length && **length < bytes.size())
        return without_errno("more than one message in a turn");
      if (*length) return bytes;
    }
  }
  Result<UniqueFd> receive_fd() {
    char byte;
    auto received = receive({&byte, 1});
    if (!received) return std::move(received).error();
    return util::exactly_one(*std::move(received));
  }

  // Has the server said anything since?
  void begin_exchange() { heard_ = false; }
  [[nodiscard]] bool heard() const { return heard_; }

 private:
  Result<util::Received> receive(std::span<char> buffer) {
    options_.before_wait();
    auto received = util::receive_patiently(socket_.get(), buffer);
    if (!received) return failure("receive", received.error().code);
    if (received->bytes == 0) return Error::closed("connection closed by the server");
    heard_ = true;
    return received;
  }
  static Error failure(std::string_view what, int code) {
    if (code == EAGAIN) return Error{Error::Kind::Timeout, std::string(what), ETIMEDOUT};
    return Error::system(what, code);
  }
  [[nodiscard]] Error truncated(const util::attr0::ListScanner& scanner, const std::string& bytes,
                                Error error) const {
    if (bytes.empty()) return error;
    msg::warn("{} {} while reading input attribute {}",
              error.kind == Error::Kind::Timeout ? "timeout on" : "unexpected end-of-input from",
              options_.service, scanner.standing_at());
    return error;
  }

  const Options& options_;
  UniqueFd socket_;
  bool heard_ = false;
};

ClientSessionCache::ClientSessionCache(Options options) : options_(std::move(options)) {}
ClientSessionCache::~ClientSessionCache() = default;

// --- The connection.

bool ClientSessionCache::connect() {
  auto socket = options_.connect ? options_.connect()
                                 : util::connect_unix(options_.service, options_.timeout);
  if (!socket) {
    msg::warn("connect to {}: {}", options_.service, util::errno_text(socket.error().code));
    return false;
  }
  msg::debug("auto_clnt_open: connected to {}", options_.service);
  channel_ = std::make_unique<Channel>(*std::move(socket), options_);
  return true;
}

namespace {

// What a server says first. A hang-up shows in what follows, as it does in the original.
template <typename Channel>
Status read_announcement(Channel& channel, const std::string& service, bool& wrong_protocol) {
  auto list = channel.receive_list();
  if (!list) {
    Error error = std::move(list).error();
    if (is_hang_up(error)) error.code = EPIPE;
    if (error.kind == Error::Kind::Timeout) error.code = 0;
    return error;
  }
  util::attr0::ListReader reader(*list, service);
  const auto name = reader.next(attr::kProtocol);
  if (!name) return {};  // logged; the original goes on
  if (*name != protocol::kConnectionCache) {
    wrong_protocol = true;
    msg::warn("unexpected {} {} from {} (expected: {})", attr::kProtocol, *name, service,
              protocol::kConnectionCache);
    return without_errno("unexpected protocol");
  }
  reader.finish();
  return {};
}

}  // namespace

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
template <typename Exchange>
bool ClientSessionCache::talk(Operation operation, Exchange exchange) {
  if (disabled()) return false;
  int failures_while_connected = 0;
  for (int attempt = 1;; ++attempt) {
    const bool reused = channel_ != nullptr;
    if (reused || connect()) {
      bool wrong_protocol = false;
      Status done;
      if (!reused) done = read_announcement(*channel_, options_.service, wrong_protocol);
      channel_->begin_exchange();
      if (done) done = exchange(*channel_);
      if (done) {
        channel_->used = options_.now();
        return true;
      }
      if (reused && !channel_->heard() && is_hang_up(done.error())) {
        channel_.reset();  // it left while nobody looked: no fault of anybody
        --attempt;
        continue;
      }
      ++failures_while_connected;
      const int code = done.error().code;
      const bool first_save =
          operation == Operation::SaveEndpoint && code == 0 && failures_while_connected == 1;
      const bool worth_a_word = code != EPIPE && code != ENOENT && !first_save;
      if (!wrong_protocol && (worth_a_word || msg::verbose() > 0))
        msg::warn("problem talking to service {}: {}", options_.service, util::errno_text(code));
      msg::debug("auto_clnt_close: disconnect {} stream", options_.service);
      channel_.reset();
    }
    if (attempt == kAttempts) break;
    std::this_thread::sleep_for(options_.pause);
  }
  disable();
  return false;
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
  msg::debug("auto_clnt_close: disconnect {} stream", options_.service);
  channel_.reset();
  return std::nullopt;
}

// --- The operations.

namespace {

// The reply to a request to save: a status; for the descriptor, first the server's turn to ask.
template <typename Reply, typename Channel>
Result<Reply> receive_reply(Channel& channel, const std::string& service) {
  const auto list = channel.receive_list();
  if (!list) return list.error();
  auto reply = util::attr0::decode<Reply>(*list, service);
  if (!reply) return without_errno(reply.error().what);
  return reply;
}

// A status instead of a turn: the server does not want the descriptor.
bool is_refusal(std::string_view list) {
  return list.starts_with(std::string(attr::kStatus) + '\0');
}

template <typename Channel>
Result<UniqueFd> claim_descriptor(Channel& channel) {
  // Two turns in one write: the second says that the server may forget its copy, which it may.
  const std::string turn = util::attr0::encode(scache::Turn{});
  if (Status sent = channel.send(turn + turn); !sent) return sent.error();
  auto connection = channel.receive_fd();
  if (!connection && connection.error().kind == Error::Kind::Protocol)
    return without_errno(connection.error().what);
  return connection;
}

}  // namespace

void ClientSessionCache::save_endpoint(std::string_view label, Session session, Ttl ttl) {
  const auto seconds = whole_seconds(ttl, "scache_clnt_save_endp");
  msg::debug("scache_clnt_save_endp: endp={} prop={} fd={}", label, session.property,
             session.connection.get());
  const int fd = session.connection.get();
  if (!has_nul(label, session.property)) {
    const std::string request =
        encode_request(scache::SaveEndpoint{seconds, std::string(label), session.property});
    (void)talk(Operation::SaveEndpoint, [&](Channel& channel) -> Status {  // it is closed anyway
      if (Status sent = channel.send(request); !sent) return sent;
      auto list = channel.receive_list();
      if (!list) return std::move(list).error();
      if (!is_refusal(*list)) {
        const auto turn = util::attr0::decode<scache::Turn>(*list, options_.service);
        if (!turn) return without_errno(turn.error().what);
        if (Status sent = channel.send_fd(fd); !sent) return sent;
        list = channel.receive_list();
        if (!list) return std::move(list).error();
      }
      const auto reply = util::attr0::decode<scache::StatusReply>(*list, options_.service);
      if (!reply) return without_errno(reply.error().what);
      if (reply->status != ScacheStatus::Ok && msg::verbose() > 0)
        msg::warn("scache_clnt_save_endp: descriptor save failed with status {}",
                  static_cast<int>(reply->status));
      return {};
    });
  }
  if (close(session.connection.release()) < 0)
    msg::warn("scache_clnt_save_endp: close({}): {}", fd, util::errno_text(errno));
}

std::optional<Session> ClientSessionCache::find_endpoint(std::string_view label) {
  const std::string request = encode_request(scache::FindEndpoint{std::string(label)});
  std::optional<Session> found;
  const bool answered = talk(Operation::Other, [&](Channel& channel) -> Status {
    if (Status sent = channel.send(request); !sent) return sent;
    auto reply = receive_reply<scache::EndpointReply>(channel, options_.service);
    if (!reply) return std::move(reply).error();
    if (reply->status != ScacheStatus::Ok) return {};
    auto connection = claim_descriptor(channel);
    if (!connection) return std::move(connection).error();
    found = Session{std::move(reply->property), *std::move(connection)};
    return {};
  });
  if (found)
    msg::debug("scache_clnt_find_endp: endp={} prop={} fd={}", label, found->property,
               found->connection.get());
  else if (answered)
    msg::debug("scache_clnt_find_endp: not found: {}", label);
  return found;
}

void ClientSessionCache::save_destination(std::string_view label, const Binding& binding, Ttl ttl) {
  const auto seconds = whole_seconds(ttl, "scache_clnt_save_dest");
  msg::debug("scache_clnt_save_dest: dest_label={} dest_prop={} endp_label={}", label,
             binding.property, binding.endpoint);
  if (has_nul(label, binding.property, binding.endpoint)) return;
  const std::string request = encode_request(scache::SaveDestination{
      seconds, std::string(label), std::string(binding.property), std::string(binding.endpoint)});
  (void)talk(Operation::Other, [&](Channel& channel) -> Status {  // a loss, but nobody's problem
    if (Status sent = channel.send(request); !sent) return sent;
    const auto reply = receive_reply<scache::StatusReply>(channel, options_.service);
    if (!reply) return reply.error();
    if (reply->status != ScacheStatus::Ok && msg::verbose() > 0)
      msg::warn("scache_clnt_save_dest: destination save failed with status {}",
                static_cast<int>(reply->status));
    return {};
  });
}

std::optional<DestinationHit> ClientSessionCache::find_destination(std::string_view label) {
  const std::string request = encode_request(scache::FindDestination{std::string(label)});
  std::optional<DestinationHit> found;
  const bool answered = talk(Operation::Other, [&](Channel& channel) -> Status {
    if (Status sent = channel.send(request); !sent) return sent;
    auto reply = receive_reply<scache::DestinationReply>(channel, options_.service);
    if (!reply) return std::move(reply).error();
    if (reply->status != ScacheStatus::Ok) return {};
    auto connection = claim_descriptor(channel);
    if (!connection) return std::move(connection).error();
    found = DestinationHit{std::move(reply->destination_property),
                           {std::move(reply->endpoint_property), *std::move(connection)}};
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
