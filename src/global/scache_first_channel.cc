// The client's half of the scache protocol (spec/ipc.md 4): what stock's scache(8) understands.
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "global/scache_channel.h"
#include "global/scache_proto.h"
#include "util/attr0.h"
#include "util/hang_up.h"
#include "util/msg.h"

namespace handoff::global {
namespace {

using util::Error;
using util::Result;
using util::Status;
using util::UniqueFd;

constexpr std::size_t kReadSize = 4096;

// Times to live travel in whole seconds.
std::chrono::seconds whole_seconds(SessionCache::Ttl ttl) {
  return std::chrono::ceil<std::chrono::seconds>(ttl);
}

// A status instead of a turn: the server does not want the descriptor.
bool is_refusal(std::string_view list) {
  return list.starts_with(std::string(attr::kStatus) + '\0');
}

class FirstSocketChannel final : public ScacheChannel {
 public:
  using ScacheChannel::ScacheChannel;

  Status greet() override;
  Result<ScacheStatus> save_endpoint(std::string_view label, const Session& session,
                                     Ttl ttl) override;
  Result<ScacheStatus> save_destination(std::string_view label, const Binding& binding,
                                        Ttl ttl) override;
  Result<Saved> save(std::string_view destination, const Binding& binding, const Session& session,
                     Ttl ttl) override;
  Result<std::optional<Session>> find_endpoint(std::string_view label) override;
  Result<std::optional<DestinationHit>> find_destination(std::string_view label) override;

 private:
  template <typename Reply, typename Request>
  Result<Reply> ask(const Request& request);
  template <typename Reply>
  Result<Reply> decode(std::string_view list);
  Status send(std::string_view bytes);
  Result<std::string> receive_list();
  Result<UniqueFd> claim_descriptor();
  [[nodiscard]] Error truncated(const util::attr0::ListScanner& scanner, const std::string& bytes,
                                Error error) const;
};

// A hang-up shows in what follows, as it does in the original.
Status FirstSocketChannel::greet() {
  auto list = receive_list();
  if (!list) {
    Error error = std::move(list).error();
    if (util::is_hang_up(error)) error.code = EPIPE;
    if (error.kind == Error::Kind::Timeout) error.code = 0;
    return error;
  }
  util::attr0::ListReader reader(*list, options().service);
  const auto name = reader.next(attr::kProtocol);
  if (!name) return {};  // logged; the original goes on
  if (*name != protocol::kConnectionCache) {
    msg::warn("unexpected {} {} from {} (expected: {})", attr::kProtocol, *name, options().service,
              protocol::kConnectionCache);
    return Error::syntax("unexpected protocol");
  }
  reader.finish();
  return {};
}

// --- The exchanges.

Result<ScacheStatus> FirstSocketChannel::save_endpoint(std::string_view label,
                                                       const Session& session, Ttl ttl) {
  const scache::SaveEndpoint request{whole_seconds(ttl), std::string(label), session.property};
  if (Status sent = send(scache::encode_request(request)); !sent) return sent.error();
  auto list = receive_list();
  if (!list) return std::move(list).error();
  if (!is_refusal(*list)) {
    if (const auto turn = decode<scache::Turn>(*list); !turn) return turn.error();
    if (Status sent = util::send_fd(socket(), session.connection.get()); !sent) return sent.error();
    list = receive_list();
    if (!list) return std::move(list).error();
  }
  const auto reply = decode<scache::StatusReply>(*list);
  if (!reply) return reply.error();
  return reply->status;
}

Result<ScacheStatus> FirstSocketChannel::save_destination(std::string_view label,
                                                          const Binding& binding, Ttl ttl) {
  const auto reply = ask<scache::StatusReply>(
      scache::SaveDestination{whole_seconds(ttl), std::string(label), std::string(binding.property),
                              std::string(binding.endpoint)});
  if (!reply) return reply.error();
  return reply->status;
}

Result<ScacheChannel::Saved> FirstSocketChannel::save(std::string_view destination,
                                                      const Binding& binding,
                                                      const Session& /*session*/, Ttl ttl) {
  const auto status = save_destination(destination, binding, ttl);
  if (!status) return status.error();
  return Saved{.status = *status, .with_session = false};
}

Result<std::optional<Session>> FirstSocketChannel::find_endpoint(std::string_view label) {
  auto reply = ask<scache::EndpointReply>(scache::FindEndpoint{std::string(label)});
  if (!reply) return std::move(reply).error();
  if (reply->status != ScacheStatus::Ok) return std::optional<Session>();
  auto connection = claim_descriptor();
  if (!connection) return std::move(connection).error();
  return std::optional(Session{std::move(reply->property), *std::move(connection)});
}

Result<std::optional<DestinationHit>> FirstSocketChannel::find_destination(std::string_view label) {
  auto reply = ask<scache::DestinationReply>(scache::FindDestination{std::string(label)});
  if (!reply) return std::move(reply).error();
  if (reply->status != ScacheStatus::Ok) return std::optional<DestinationHit>();
  auto connection = claim_descriptor();
  if (!connection) return std::move(connection).error();
  return std::optional(
      DestinationHit{std::move(reply->destination_property),
                     Session{std::move(reply->endpoint_property), *std::move(connection)}});
}

// --- Their parts.

template <typename Reply, typename Request>
Result<Reply> FirstSocketChannel::ask(const Request& request) {
  if (Status sent = send(scache::encode_request(request)); !sent) return sent.error();
  const auto list = receive_list();
  if (!list) return list.error();
  return decode<Reply>(*list);
}

template <typename Reply>
Result<Reply> FirstSocketChannel::decode(std::string_view list) {
  auto reply = util::attr0::decode<Reply>(list, options().service);
  if (!reply) return without_errno(reply.error().what);
  return reply;
}

Status FirstSocketChannel::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return failure(Error::system("send", errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

// Exactly one list, with its terminator.
Result<std::string> FirstSocketChannel::receive_list() {
  util::attr0::ListScanner scanner;
  std::string bytes;
  while (true) {
    std::array<char, kReadSize> buffer;
    auto received = receive(buffer);
    if (!received) return truncated(scanner, bytes, std::move(received).error());
    bytes.append(buffer.data(), received->bytes);
    const auto length = scanner.scan(bytes);
    if (!length) return without_errno(length.error().what);
    if (*length && **length < bytes.size()) return without_errno("more than one message in a turn");
    if (*length) return bytes;
  }
}

Result<UniqueFd> FirstSocketChannel::claim_descriptor() {
  // Two turns in one write: the second says that the server may forget its copy, which it may.
  const std::string turn = util::attr0::encode(scache::Turn{});
  if (Status sent = send(turn + turn); !sent) return sent.error();
  char byte;
  auto received = receive({&byte, 1});
  if (!received) return std::move(received).error();
  auto connection = util::exactly_one(*std::move(received));
  if (!connection) return without_errno(connection.error().what);
  return connection;
}

Error FirstSocketChannel::truncated(const util::attr0::ListScanner& scanner,
                                    const std::string& bytes, Error error) const {
  if (bytes.empty()) return error;
  msg::warn("{} {} while reading input attribute {}",
            error.kind == Error::Kind::Timeout ? "timeout on" : "unexpected end-of-input from",
            options().service, scanner.standing_at());
  return error;
}

}  // namespace

std::unique_ptr<ScacheChannel> first_socket_channel(UniqueFd socket,
                                                    const ScacheChannel::Options& options) {
  return std::make_unique<FirstSocketChannel>(std::move(socket), options);
}

}  // namespace handoff::global
