#include "qmgr/agent_pool.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "global/mail_proto.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/sockets.h"

namespace handoff::qmgr {

namespace attr0 = util::attr0;
using global::DeliveryReply;
using global::DeliveryRequest;
using global::Dsn;

namespace {

// An agent that is killed before it has said hello says nothing about the service: master starts
// another one. So many of them in a row do.
constexpr int kSilentEnds = 3;

std::string service_path(const Transport& transport) {
  return std::string(global::service_class::kPrivate) + '/' + transport.name;
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

// "list-owner+user=example.net@example.org": bounces tell by their address whom they are about.
std::string verp_sender(const std::string& sender, const std::string& delimiters,
                        const std::string& recipient) {
  if (delimiters.size() < 2 || sender.empty()) return sender;
  const std::size_t at = sender.rfind('@');
  std::string verp = sender.substr(0, at) + delimiters[0] + recipient;
  const std::size_t recipient_at = verp.rfind('@');
  if (recipient_at != std::string::npos && recipient.find('@') != std::string::npos)
    verp[recipient_at] = delimiters[1];
  return at == std::string::npos ? verp : verp + sender.substr(at);
}

}  // namespace

DeliveryRequest make_request(const Entry& entry) {
  const Message& message = *entry.message;
  const global::Envelope& envelope = message.envelope;
  DeliveryRequest request;
  request.flags = message.request_flags() | entry.cache_flags;
  request.queue_name = global::queue_name::kActive;
  request.queue_id = message.id;
  request.data_offset = envelope.size.text_offset;
  request.data_size =
      envelope.size.text_length > 0 ? envelope.size.text_length : envelope.size.text_span;
  request.nexthop = entry.destination->nexthop;
  request.encoding = envelope.encoding;
  request.smtputf8 = static_cast<int>(envelope.size.smtputf8);
  request.sender =
      message.one_recipient_per_request()
          ? verp_sender(envelope.sender, envelope.verp_delimiters, entry.recipients.front().address)
          : envelope.sender;
  request.envelope_id = envelope.envelope_id;
  request.ret_flags = envelope.ret_flags;
  request.stats = message.stats;
  request.client_name = envelope.client_name;
  request.client_address = envelope.client_address;
  request.client_port = envelope.client_port;
  request.protocol_name = envelope.protocol_name;
  request.helo_name = envelope.helo_name;
  request.sasl_method = envelope.sasl_method;
  request.sasl_username = envelope.sasl_username;
  request.sasl_sender = envelope.sasl_sender;
  request.log_ident = envelope.log_ident;
  request.rewrite_context = envelope.rewrite_context;
  request.recipients = entry.recipients;
  const bool utf8_recipient =
      std::any_of(request.recipients.begin(), request.recipients.end(),
                  [](const global::Recipient& r) { return !is_ascii(r.address); });
  if (utf8_recipient) request.smtputf8 |= global::smtputf8::kRecipient;
  return request;
}

struct AgentPool::Agent {
  explicit Agent(Transport& of) : transport(of), path(service_path(of)) {}

  Transport& transport;
  std::string path;
  std::unique_ptr<util::ListConnection> connection;
  util::Timer retry;             // the service's queue of connections is full
  std::unique_ptr<Entry> entry;  // once it has said hello
};

AgentPool::AgentPool(util::Scheduler& scheduler, Dispatcher& dispatcher, Options options,
                     Handlers handlers)
    : scheduler_(scheduler),
      dispatcher_(dispatcher),
      options_(options),
      handlers_(std::move(handlers)) {}

AgentPool::~AgentPool() = default;

void AgentPool::connect(Transport& transport) {
  begin(agents_.emplace(agents_.end(), transport));
}

void AgentPool::begin(AgentIt agent) {
  auto socket = util::begin_connect_unix(agent->path);
  if (socket) {
    agent->connection = std::make_unique<util::ListConnection>(
        scheduler_, *std::move(socket), agent->path + " socket",
        util::ListConnection::Handlers{
            [this, agent](std::string_view list) { on_list(agent, list); },
            [this, agent](const util::Error& why) { on_end(agent, why); }});
    agent->connection->expect_within(options_.answer_limit);
    return;
  }
  if (socket.error().code == EAGAIN) {
    agent->retry = scheduler_.after(options_.pause, [this, agent] {
      agent->retry.cancel();
      begin(agent);
    });
    return;
  }
  msg::warn("connect to transport {}: {}", agent->path, socket.error().what);
  agent->retry =
      scheduler_.after(std::chrono::milliseconds(0), [this, agent] { transport_failure(agent); });
}

void AgentPool::on_list(AgentIt agent, std::string_view list) {
  if (agent->entry)
    on_reply(agent, list);
  else
    on_announcement(agent, list);
}

bool AgentPool::is_hello(const Agent& agent, std::string_view list) const {
  attr0::ListReader reader(list, agent.connection->name());
  return reader.read_constant({global::attr::kProtocol, global::protocol::kDeliveryRequest});
}

void AgentPool::on_announcement(AgentIt agent, std::string_view list) {
  if (!is_hello(*agent, list)) {
    msg::warn("{}: malformed response", agent->connection->name());
    return transport_failure(agent);
  }
  silent_ends_.erase(&agent->transport);
  agent->entry = dispatcher_.select(agent->transport);
  dispatcher_.agent_arrived(agent->transport);
  if (!agent->entry) {
    agents_.erase(agent);  // nothing (more) to do for it
    return;
  }
  agent->connection->expect_within(options_.answer_limit);
  agent->connection->send(global::encode_request(make_request(*agent->entry)));
}

void AgentPool::on_reply(AgentIt agent, std::string_view list) {
  const auto reply = attr0::decode<DeliveryReply>(list, agent->connection->name());
  if (!reply) msg::warn("{}: malformed response", agent->connection->name());
  finish(agent, reply ? &*reply : nullptr);
}

void AgentPool::on_end(AgentIt agent, const util::Error& why) {
  if (!agent->entry) return on_silent_end(agent, why);
  if (why.kind == util::Error::Kind::Timeout)
    msg::warn("{}: timeout receiving delivery status from transport: {}", agent->entry->message->id,
              agent->transport.name);
  else
    msg::warn("{}: malformed response", agent->connection->name());
  finish(agent, nullptr);
}

void AgentPool::on_silent_end(AgentIt agent, const util::Error& why) {
  Transport& transport = agent->transport;
  if (why.kind == util::Error::Kind::Timeout) {
    msg::warn("timeout connecting to transport: {}", transport.name);
    return transport_failure(agent);
  }
  if (++silent_ends_[&transport] < kSilentEnds) {
    agents_.erase(agent);
    return connect(transport);
  }
  msg::warn("write to process ({}): Broken pipe", transport.name);
  transport_failure(agent);
}

void AgentPool::transport_failure(AgentIt agent) {
  Transport& transport = agent->transport;
  silent_ends_.erase(&transport);
  dispatcher_.agent_arrived(transport);
  agents_.erase(agent);
  handlers_.on_transport_failure(transport, Dsn::simple("4.3.0", "mail transport unavailable"));
}

void AgentPool::finish(AgentIt agent, const DeliveryReply* reply) {
  std::unique_ptr<Entry> entry = std::move(agent->entry);
  agents_.erase(agent);  // closes the connection: the agent may go on
  handlers_.on_done(std::move(entry), reply);
}

}  // namespace handoff::qmgr
