#include "trivial-rewrite/rewrite_service.h"

#include <utility>

#include "global/mail_proto.h"
#include "global/rewrite_messages.h"
#include "util/attr0.h"
#include "util/msg.h"

namespace handoff::rewrite {

namespace attr0 = util::attr0;

RewriteService::RewriteService(service::MultiServer& server, Rules rules)
    : server_(server),
      rules_(std::move(rules)),
      resolver_(rules_.resolver, rules_.routes),
      probe_resolver_(rules_.resolver, rules_.probe_routes),
      peer_name_(server.name() + " socket") {}

void RewriteService::on_client(service::Client client) {
  const std::uint64_t id = next_client_++;
  auto connection = std::make_unique<util::ListConnection>(
      server_.scheduler(), std::move(client.connection.fd), peer_name_,
      util::ListConnection::Handlers{[this, id](std::string_view list) { on_request(id, list); },
                                     [this, id](const util::Error&) { conversations_.erase(id); }});
  connection->send(attr0::announcement(global::protocol::kTrivialRewrite));
  conversations_[id] = {std::move(client.presence), std::move(connection)};
}

void RewriteService::on_request(std::uint64_t client, std::string_view list) {
  server_.request_begins();
  const auto reply = answer(list);
  if (reply)
    conversations_[client].connection->send(*reply);
  else
    conversations_.erase(client);
  server_.request_ended();
}

int RewriteService::server_flags() {
  return tables::changed_table().empty() ? 0 : global::kReconnectPlease;
}

std::optional<std::string> RewriteService::answer(std::string_view list) const {
  attr0::ListReader reader(list, peer_name_);
  const auto request = reader.next(global::attr::kRequest);
  if (!request) return std::nullopt;
  if (*request == global::rewrite_request::kRewrite) return answer_rewrite(list);
  if (*request == global::rewrite_request::kResolve) return answer_resolve(list, resolver_);
  if (*request == global::rewrite_request::kVerify) return answer_resolve(list, probe_resolver_);
  msg::warn("bad command {}", *request);
  return std::nullopt;
}

std::optional<std::string> RewriteService::answer_rewrite(std::string_view list) const {
  const auto request = attr0::decode<global::RewriteRequest>(list, peer_name_);
  if (!request) return std::nullopt;
  const bool local = request->rule == global::rewrite_context::kLocal;
  if (!local && request->rule != global::rewrite_context::kRemote) {
    msg::warn("unknown context: {}", request->rule);
    return std::nullopt;
  }
  const RewriteRules& rules = local ? rules_.local : rules_.remote;
  return attr0::encode(
      global::RewriteReply{server_flags(), rewrite_external(request->address, rules)});
}

std::optional<std::string> RewriteService::answer_resolve(std::string_view list,
                                                          const Resolver& resolver) const {
  const auto request = attr0::decode<global::ResolveRequest>(list, peer_name_);
  if (!request) return std::nullopt;
  return attr0::encode(
      global::ResolveReply{server_flags(), resolver.resolve(request->sender, request->address)});
}

}  // namespace handoff::rewrite
