// The client's half of the extension protocol: one packet there, one packet back.
#include <array>
#include <string>
#include <utility>

#include "global/scache_channel.h"
#include "global/scache_extension_proto.h"
#include "util/attr0.h"
#include "util/msg.h"

namespace handoff::global {
namespace {

using scache::Find;
using scache::FindReply;
using scache::Save;
using util::Result;
using util::Status;
using util::UniqueFd;

constexpr int kNoDescriptor = -1;

Save::SessionPart part(const Session& session) {
  return {session.property, session.farewell};
}
Save::BindingPart part(std::string_view destination, const Binding& binding) {
  return {std::string(destination), std::string(binding.property)};
}

class SecondSocketChannel final : public ScacheChannel {
 public:
  using ScacheChannel::ScacheChannel;

  Status greet() override { return {}; }
  Result<ScacheStatus> save_endpoint(std::string_view label, const Session& session,
                                     Ttl ttl) override {
    return ask({ttl, std::string(label), part(session), {}}, session.connection.get());
  }
  Result<ScacheStatus> save_destination(std::string_view label, const Binding& binding,
                                        Ttl ttl) override {
    return ask({ttl, std::string(binding.endpoint), {}, part(label, binding)}, kNoDescriptor);
  }
  Result<Saved> save(std::string_view destination, const Binding& binding, const Session& session,
                     Ttl ttl) override {
    const auto status =
        ask({ttl, std::string(binding.endpoint), part(session), part(destination, binding)},
            session.connection.get());
    if (!status) return status.error();
    return Saved{.status = *status, .with_session = true};
  }
  Result<std::optional<Session>> find_endpoint(std::string_view label) override;
  Result<std::optional<DestinationHit>> find_destination(std::string_view label) override;

 private:
  template <typename Reply>
  struct Answer {
    Reply reply;
    util::Received received;
  };
  Result<ScacheStatus> ask(const Save& request, int connection);
  Result<std::optional<DestinationHit>> ask(const Find& request);
  template <typename Reply>
  Result<Answer<Reply>> exchange(const std::string& request, int descriptor);
};

Result<std::optional<Session>> SecondSocketChannel::find_endpoint(std::string_view label) {
  auto hit = ask(Find{.destination = {}, .endpoint = std::string(label)});
  if (!hit) return std::move(hit).error();
  if (!*hit) return std::optional<Session>();
  return std::optional(std::move((*hit)->session));
}

Result<std::optional<DestinationHit>> SecondSocketChannel::find_destination(
    std::string_view label) {
  return ask(Find{.destination = std::string(label), .endpoint = {}});
}

Result<ScacheStatus> SecondSocketChannel::ask(const Save& request, int connection) {
  const auto answer = exchange<scache::StatusReply>(encode_request(request), connection);
  if (!answer) return answer.error();
  return answer->reply.status;
}

Result<std::optional<DestinationHit>> SecondSocketChannel::ask(const Find& request) {
  auto answer = exchange<FindReply>(encode_request(request), kNoDescriptor);
  if (!answer) return std::move(answer).error();
  FindReply& reply = answer->reply;
  if (reply.status != ScacheStatus::Ok) return std::optional<DestinationHit>();
  auto connection = util::exactly_one(std::move(answer->received));
  if (!connection) return without_errno(connection.error().what);
  return std::optional(DestinationHit{
      std::move(reply.destination_property).value_or(""),
      Session{std::move(reply.endpoint_property).value_or(""), *std::move(connection)}});
}

// A request that is too long for a packet is not worth more than its failure.
template <typename Reply>
Result<SecondSocketChannel::Answer<Reply>> SecondSocketChannel::exchange(const std::string& request,
                                                                         int descriptor) {
  if (request.size() > scache::kPacketLimit) return Answer<Reply>();
  if (Status sent = util::send_packet_patiently(socket(), request, descriptor); !sent)
    return failure(sent.error());
  std::array<char, scache::kPacketLimit> buffer;
  auto received = receive(buffer);
  if (!received) return std::move(received).error();
  if (received->cut) return without_errno("packet too long");
  auto reply = util::attr0::decode<Reply>({buffer.data(), received->bytes}, options().service);
  if (!reply) return without_errno(reply.error().what);
  return Answer<Reply>{*std::move(reply), *std::move(received)};
}

}  // namespace

std::unique_ptr<ScacheChannel> second_socket_channel(UniqueFd socket,
                                                     const ScacheChannel::Options& options) {
  return std::make_unique<SecondSocketChannel>(std::move(socket), options);
}

}  // namespace handoff::global
