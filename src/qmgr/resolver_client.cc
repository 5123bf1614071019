#include "qmgr/resolver_client.h"

#include <utility>

#include "global/mail_proto.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/sockets.h"

namespace handoff::qmgr {

namespace attr0 = util::attr0;
using global::Resolution;
using global::ResolveRequest;

ResolverClient::ResolverClient(util::Scheduler& scheduler, Options options)
    : scheduler_(scheduler), options_(std::move(options)) {}

const Resolution* ResolverClient::remembered(const ResolveRequest& request) const {
  if (remembered_request_.empty() || scheduler_.now() >= remembered_until_) return nullptr;
  return attr0::encode(request) == remembered_request_ ? &remembered_ : nullptr;
}

void ResolverClient::resolve(ResolveRequest request, Done done) {
  questions_.push_back({attr0::encode(request), std::move(done)});
  idle_.cancel();
  if (server_ && !asked_ && scheduler_.now() - connected_at_ >= options_.lifetime) disconnect();
  ask();
}

void ResolverClient::ask() {
  if (questions_.empty() || asked_ || retry_.pending()) return;
  if (!server_ && !connect()) return;
  if (!announced_) return;
  asked_ = true;
  server_->expect_within(options_.limit);
  server_->send(questions_.front().request);
}

bool ResolverClient::connect() {
  auto socket = util::begin_connect_unix(options_.socket_path);
  if (!socket) {
    fail(socket.error().what);
    return false;
  }
  announced_ = false;
  connected_at_ = scheduler_.now();
  server_ = std::make_unique<util::ListConnection>(
      scheduler_, *std::move(socket), options_.socket_path + " socket",
      util::ListConnection::Handlers{[this](std::string_view list) { on_list(list); },
                                     [this](const util::Error& why) { fail(why.what); }});
  server_->expect_within(options_.limit);
  return true;
}

void ResolverClient::on_list(std::string_view list) {
  if (announced_) return on_answer(list);
  if (!on_announcement(list))
    return fail("not a " + std::string(global::protocol::kTrivialRewrite));
  announced_ = true;
  ask();
}

bool ResolverClient::on_announcement(std::string_view list) {
  attr0::ListReader reader(list, server_->name());
  return reader.read_constant({global::attr::kProtocol, global::protocol::kTrivialRewrite});
}

void ResolverClient::on_answer(std::string_view list) {
  const auto reply = attr0::decode<global::ResolveReply>(list, server_->name());
  if (!asked_ || !reply || reply->resolution.transport.empty())
    return fail(reply ? "no transport in the answer" : reply.error().what);
  asked_ = false;
  failures_ = 0;
  Question question = std::move(questions_.front());
  questions_.pop_front();
  remembered_request_ = std::move(question.request);
  remembered_ = reply->resolution;
  remembered_until_ = scheduler_.now() + options_.remember;
  if (reply->server_flags != 0) disconnect();
  const Resolution resolution = reply->resolution;
  question.done(resolution);  // may ask the next
  ask();
  if (questions_.empty()) idle_ = scheduler_.after(options_.idle, [this] { disconnect(); });
}

void ResolverClient::disconnect() {
  asked_ = false;
  announced_ = false;
  discarded_ = std::move(server_);
}

// A server that leaves between two questions is nothing to talk about.
void ResolverClient::fail(std::string_view why) {
  const bool in_question = !questions_.empty();
  if (in_question && ++failures_ > 1) msg::warn("problem talking to service rewrite: {}", why);
  disconnect();
  if (!in_question) return;
  retry_ = scheduler_.after(failures_ > 1 ? options_.pause : std::chrono::milliseconds(0), [this] {
    retry_.cancel();
    ask();
  });
}

}  // namespace handoff::qmgr
