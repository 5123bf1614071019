#include "global/status_call.h"

#include <utility>

#include "global/bounce_messages.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/sockets.h"
#include "util/stream.h"

namespace handoff::global {

namespace attr0 = util::attr0;

// --- Blocking.

int call_for_status(const StatusService& service, const std::string& request) {
  const std::string name = service.path + " socket";
  auto socket = util::connect_unix(service.path, service.limit);
  if (!socket) {
    msg::warn("connect to {}: {}", service.path, util::errno_text(socket.error().code));
    return kStatusCallFailed;
  }
  util::Stream stream(*std::move(socket), name, service.limit);
  if (util::Status announced = attr0::receive_announcement(stream, service.protocol); !announced) {
    msg::warn("read {}: {}", name, util::errno_text(announced.error().code));
    return kStatusCallFailed;
  }
  if (util::Status sent = stream.write(request); !sent || !(sent = stream.flush())) {
    msg::warn("write {}: {}", name, util::errno_text(sent.error().code));
    return kStatusCallFailed;
  }
  auto reply = attr0::receive<StatusReply>(stream);
  if (!reply) {
    msg::warn("write/read {}: {}", name, util::errno_text(reply.error().code));
    return kStatusCallFailed;
  }
  return reply->status;
}

// --- On the event loop.

StatusCall::StatusCall(util::Scheduler& scheduler, StatusService service, std::string request,
                       Done done)
    : scheduler_(scheduler),
      service_(std::move(service)),
      request_(std::move(request)),
      done_(std::move(done)) {
  timer_ = scheduler_.after(std::chrono::milliseconds(0), [this] { start(); });
}

StatusCall::~StatusCall() = default;

void StatusCall::start() {
  auto socket = util::begin_connect_unix(service_.path);
  if (!socket) return fail(util::errno_text(socket.error().code));
  connecting_ = *std::move(socket);
  timer_ = scheduler_.after(service_.limit, [this] { fail("timed out"); });
  connected_ = scheduler_.writable(connecting_.get(), [this] {
    connected_.cancel();
    timer_.cancel();
    on_connected(std::move(connecting_));
  });
}

void StatusCall::on_connected(util::UniqueFd socket) {
  if (util::Status connected = util::connect_outcome(socket.get()); !connected)
    return fail(util::errno_text(connected.error().code));
  server_.emplace(
      scheduler_, std::move(socket), service_.path + " socket",
      util::ListConnection::Handlers{.on_list = [this](std::string_view list) { on_list(list); },
                                     .on_end = [this](const util::Error& why) { fail(why.what); }});
  server_->expect_within(service_.limit);
}

void StatusCall::on_list(std::string_view list) {
  if (!request_.empty()) {
    attr0::ListReader reader(list, server_->name());
    if (!reader.read_constant({attr::kProtocol, service_.protocol}))
      return finish(kStatusCallFailed);
    server_->send(std::exchange(request_, {}));
    server_->expect_within(service_.limit);
    return;
  }
  auto reply = attr0::decode<StatusReply>(list, server_->name());
  finish(reply ? reply->status : kStatusCallFailed);
}

void StatusCall::fail(std::string_view why) {
  msg::warn("{} {}: {}", server_ ? "talk to" : "connect to", service_.path, why);
  finish(kStatusCallFailed);
}

void StatusCall::finish(int status) {
  connected_.cancel();
  timer_.cancel();
  server_.reset();
  connecting_.reset();
  // `done` may destroy this.
  const Done done = std::move(done_);
  done(status);
}

}  // namespace handoff::global
