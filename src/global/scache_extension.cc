#include "global/scache_extension.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "global/scache_extension_proto.h"
#include "util/hang_up.h"
#include "util/result.h"

namespace handoff::global::scache {
namespace {

using util::attr0::ListReader;

// What a client has asked before the server has to go.
constexpr int kLastRequests = 16;

bool is_one_list(std::string_view bytes) {
  const auto length = util::attr0::ListScanner().scan(bytes);
  return length && *length == bytes.size();
}

}  // namespace

bool may_use_extension(uid_t client, uid_t server) {
  return client == 0 || client == server;
}

ExtensionDialogue::ExtensionDialogue(Desk& desk, util::UniqueFd socket, std::function<void()> gone)
    : desk_(desk), socket_(std::move(socket)), gone_(std::move(gone)) {
  await_request();
}

// --- Requests.

void ExtensionDialogue::on_readable() {
  if (!serve_one()) gone_();
}

// False when the connection is of no use anymore.
bool ExtensionDialogue::serve_one() {
  std::array<char, kPacketLimit> buffer;
  auto received = util::receive(socket_.get(), buffer);
  if (!received && received.error().code == EAGAIN) return true;
  if (!received || received->bytes == 0) return false;
  answer_ = answer({buffer.data(), received->bytes}, *received);
  desk_.request_served();
  return speak();
}

// A client that is told "broken pipe" knows that its request was not seen.
void ExtensionDialogue::settle() {
  (void)shutdown(socket_.get(), SHUT_RD);
  for (int round = 0; round < kLastRequests && !writable_.pending() && serve_one();) ++round;
}

Answer ExtensionDialogue::answer(std::string_view list, util::Received& received) {
  if (received.cut) return refuse("packet too long");
  if (received.truncated && received.descriptors.empty()) {
    desk_.relieve();
    return refuse("no room for its descriptor", ScacheStatus::Failed);
  }
  if (received.truncated || received.descriptors.size() > 1) return refuse("surplus descriptors");
  if (!is_one_list(list)) return refuse("not an attribute list");
  util::UniqueFd attached;
  if (!received.descriptors.empty()) attached = std::move(received.descriptors.front());
  std::string complaint;
  ListReader reader(list, desk_.client_name, ListReader::Unknown::Refuse, &complaint);
  auto served = serve_extension_request(desk_, reader, std::move(attached), complaint);
  if (!served) return refuse(complaint);
  if (served->list.size() > kPacketLimit)
    return refuse("its reply would be too long", ScacheStatus::Failed);
  if (!complaint.empty()) desk_.sparing_log.warn(complaint);  // forgiven
  return *std::move(served);
}

Answer ExtensionDialogue::refuse(std::string_view why, ScacheStatus status) {
  desk_.sparing_log.warn(fmt::format("{}: bad extension request: {}", desk_.client_name, why));
  return {util::attr0::encode(StatusReply{status})};
}

// --- Replies.

void ExtensionDialogue::on_writable() {
  if (!speak()) gone_();
}

// False when the connection is of no use anymore.
bool ExtensionDialogue::speak() {
  const auto sent = util::send_packet(socket_.get(), answer_.list, answer_.connection.get());
  if (!sent && sent.error().code == EAGAIN) {
    await_room();
    return true;
  }
  if (!sent) {
    if (!util::is_hang_up(sent.error()))
      desk_.sparing_log.warn(fmt::format("{}: {}", desk_.client_name, sent.error().what));
    return false;
  }
  const Answer told = std::exchange(answer_, {});
  if (told.then) told.then();
  await_request();
  return true;
}

void ExtensionDialogue::await_request() {
  writable_.cancel();
  stall_.cancel();
  if (!readable_.pending())
    readable_ = desk_.scheduler.readable(socket_.get(), [this] { on_readable(); });
}

void ExtensionDialogue::await_room() {
  readable_.cancel();
  if (!writable_.pending())
    writable_ = desk_.scheduler.writable(socket_.get(), [this] { on_writable(); });
  stall_ = desk_.scheduler.after(desk_.stall_limit, [this] { gone_(); });
}

}  // namespace handoff::global::scache
