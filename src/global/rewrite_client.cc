#include "global/rewrite_client.h"

#include <thread>
#include <utility>

#include "util/attr0.h"
#include "util/msg.h"
#include "util/sockets.h"

namespace handoff::global {

using util::Error;
using util::Result;
using util::Status;

RewriteClient::RewriteClient(Options options) : options_(std::move(options)) {}

Status RewriteClient::connect() {
  auto fd = util::connect_unix(options_.socket_path, options_.io_limit);
  if (!fd) return std::move(fd).error();
  util::Stream stream(*std::move(fd), options_.socket_path + " socket", options_.io_limit);
  if (Status greeted = util::attr0::receive_announcement(stream, protocol::kTrivialRewrite);
      !greeted)
    return greeted;
  server_.emplace(std::move(stream));
  connected_at_ = Clock::now();
  return {};
}

// A server that leaves (reload, idle exit) closes its connections; a request that is written to
// such a connection would be lost and repeated a second later.
void RewriteClient::drop_stale_connection() {
  if (!server_) return;
  const auto now = Clock::now();
  if (server_->readable_now() || now - server_->last_io() >= options_.idle ||
      now - connected_at_ >= options_.lifetime)
    server_.reset();
}

template <typename Reply, typename Request>
Result<Reply> RewriteClient::ask_once(const Request& request) {
  drop_stale_connection();
  if (!server_) {
    if (Status connected = connect(); !connected) return std::move(connected).error();
  }
  Result<Reply> reply = Error::closed(server_->name());
  if (Status sent = util::attr0::send(*server_, request); !sent)
    reply = std::move(sent).error();
  else
    reply = util::attr0::receive<Reply>(*server_);
  if (!reply || reply->server_flags != 0) server_.reset();
  return reply;
}

template <typename Reply, typename Request>
Result<Reply> RewriteClient::ask(const Request& request) {
  const auto deadline = Clock::now() + options_.patience;
  for (int attempt = 1;; ++attempt) {
    auto reply = ask_once<Reply>(request);
    if (reply) return reply;
    if (attempt > 1)
      msg::warn("problem talking to service {}: {}",
                options_.socket_path.substr(options_.socket_path.rfind('/') + 1),
                reply.error().what);
    if (Clock::now() + options_.pause > deadline) return reply;
    std::this_thread::sleep_for(options_.pause);
  }
}

Result<std::string> RewriteClient::rewrite(std::string_view rule, std::string_view address) {
  RewriteRequest request{std::string(rule), std::string(address)};
  const std::string key = request.rule + '\0' + request.address;
  if (rewritten_ && rewritten_->key == key && Clock::now() < rewritten_->until)
    return rewritten_->answer;
  auto reply = ask<RewriteReply>(request);
  if (!reply) return std::move(reply).error();
  rewritten_ = Remembered<std::string>{key, reply->address, Clock::now() + options_.remember};
  return std::move(reply->address);
}

Result<Resolution> RewriteClient::resolve(std::string_view request, std::string_view sender,
                                          std::string_view address) {
  ResolveRequest question{std::string(request), std::string(sender), std::string(address)};
  const std::string key = question.request + '\0' + question.sender + '\0' + question.address;
  if (resolved_ && resolved_->key == key && Clock::now() < resolved_->until)
    return resolved_->answer;
  auto reply = ask<ResolveReply>(question);
  if (!reply) return std::move(reply).error();
  if (reply->resolution.transport.empty())
    return Error::protocol(options_.socket_path + ": no transport for this address");
  resolved_ = Remembered<Resolution>{key, reply->resolution, Clock::now() + options_.remember};
  return std::move(reply->resolution);
}

}  // namespace handoff::global
