#include "global/scache_channel.h"

#include <cerrno>
#include <utility>

#include "util/msg.h"
#include "util/sockets.h"

namespace handoff::global {

using namespace std::chrono_literals;
using util::Error;

ScacheChannel::ScacheChannel(util::UniqueFd socket, const Options& options)
    : opened(options.now()), used(opened), options_(options), socket_(std::move(socket)) {
  if (options_.timeout <= 0ms) return;
  if (const auto done = util::limit_waits(socket_.get(), options_.timeout); !done)
    msg::fatal("{}", done.error().what);  // only a bug of ours
}

util::Result<util::Received> ScacheChannel::receive(std::span<char> buffer) {
  options_.before_wait();
  auto received = util::receive_patiently(socket_.get(), buffer);
  if (!received) return failure(received.error());
  if (received->bytes == 0) return Error::closed("connection closed by the server");
  heard_ = true;
  return received;
}

Error ScacheChannel::failure(const Error& error) {
  if (error.code != EAGAIN) return error;
  return Error{Error::Kind::Timeout, error.what, ETIMEDOUT};
}

Error ScacheChannel::without_errno(std::string what) {
  return Error{Error::Kind::Protocol, std::move(what), 0};
}

}  // namespace handoff::global
