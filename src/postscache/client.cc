#include "postscache/client.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "global/scache_extension_proto.h"
#include "util/attr0.h"
#include "util/hang_up.h"
#include "util/pass_fd.h"
#include "util/sockets.h"

namespace handoff::postscache {
namespace {

using namespace std::chrono_literals;
using util::Error;
using util::Result;

constexpr auto kLimit = 5s;
constexpr std::string_view kPeer = "scache";

Error explain(const Error& error) {
  if (error.code == EAGAIN) return Error::timeout("the connection cache does not answer");
  return error;
}

}  // namespace

Result<Client> Client::connect(const std::string& path) {
  auto socket = util::connect_unix_packets(path, kLimit);
  if (!socket) {
    const int code = socket.error().code;
    if (code == ENOENT || code == ECONNREFUSED)
      return Error::not_found("no connection cache is running at " + path);
    return std::move(socket).error();
  }
  if (auto done = util::limit_waits(socket->get(), kLimit); !done) return done.error();
  return Client(path, *std::move(socket));
}

template <typename Request>
Result<Client::Reply> Client::ask(const Request& request) {
  auto reply = ask_once(request);
  if (!reply && answered_ && util::is_hang_up(reply.error())) {
    auto next = connect(path_);
    if (!next) return std::move(next).error();
    *this = *std::move(next);
    reply = ask_once(request);
  }
  answered_ = answered_ || reply;
  return reply;
}

template <typename Request>
Result<Client::Reply> Client::ask_once(const Request& request) {
  const std::string list = global::scache::encode_request(request);
  if (auto sent = util::send_packet_patiently(socket_.get(), list, -1); !sent)
    return explain(sent.error());
  std::array<char, global::scache::kPacketLimit> buffer;
  auto received = util::receive_patiently(socket_.get(), buffer);
  if (!received) return explain(received.error());
  if (received->bytes == 0)
    return Error::closed("the connection cache has hung up; only root and its owner may ask it");
  Reply reply{std::string(buffer.data(), received->bytes), {}};
  if (!received->descriptors.empty()) reply.attached = std::move(received->descriptors.front());
  return reply;
}

Result<global::scache::StatisticsReply> Client::statistics() {
  const auto reply = ask(global::scache::ShowStatistics{});
  if (!reply) return reply.error();
  return util::attr0::decode<global::scache::StatisticsReply>(reply->list, kPeer);
}

Result<global::CacheSnapshot> Client::contents() {
  const auto reply = ask(global::scache::ShowContents{});
  if (!reply) return reply.error();
  if (!reply->attached) return Error::protocol("the connection cache did not send its contents");
  return global::read_snapshot(reply->attached.get());
}

Result<global::scache::FlushReply> Client::flush(const std::string& pattern) {
  const auto reply = ask(global::scache::Flush{pattern});
  if (!reply) return reply.error();
  return util::attr0::decode<global::scache::FlushReply>(reply->list, kPeer);
}

}  // namespace handoff::postscache
