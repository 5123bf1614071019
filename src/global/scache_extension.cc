#include "global/scache_extension.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "global/scache_extension_proto.h"
#include "util/result.h"

namespace handoff::global::scache {
namespace {

using util::attr0::ListReader;

// So that a client that asks for much lets the others have their turn.
constexpr int kPacketsPerTurn = 16;

bool is_one_list(std::string_view bytes) {
  const auto length = util::attr0::ListScanner().scan(bytes);
  return length && *length == bytes.size();
}

bool has_hung_up(int code) {
  return code == EPIPE || code == ECONNRESET;
}

}  // namespace

bool may_use_extension(uid_t client, uid_t server) {
  return client == 0 || client == server;
}

ExtensionDialogue::ExtensionDialogue(Desk& desk, util::UniqueFd socket, std::function<void()> gone,
                                     Serve serve)
    : desk_(desk), socket_(std::move(socket)), gone_(std::move(gone)), serve_(serve) {
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
  pending_ = answer({buffer.data(), received->bytes}, *received);
  return speak();
}

// A client that is told "broken pipe" knows that its request was not seen.
void ExtensionDialogue::settle() {
  (void)shutdown(socket_.get(), SHUT_RD);
  for (int round = 0; round < kPacketsPerTurn && !writable_.pending() && serve_one();) ++round;
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
  auto served = serve_(desk_, reader, std::move(attached), complaint);
  if (!served) return refuse(complaint);
  if (served->packet && served->packet->list.size() > kPacketLimit)
    return refuse("its reply would be too long", ScacheStatus::Failed);
  if (!complaint.empty()) desk_.sparing_log.warn(complaint);  // forgiven
  return *std::move(served);
}

Answer ExtensionDialogue::refuse(std::string_view why, ScacheStatus status) {
  desk_.sparing_log.warn(fmt::format("{}: bad extension request: {}", desk_.client_name, why));
  return {Packet{util::attr0::encode(StatusReply{status})}};
}

// --- Replies.

void ExtensionDialogue::on_writable() {
  if (!speak()) gone_();
}

// As much of the answer as there is room for; false when the connection is of no use anymore.
bool ExtensionDialogue::speak() {
  for (int turn = 0; turn < kPacketsPerTurn; ++turn) {
    if (!pending_.packet && pending_.rest) pending_.packet = pending_.rest();
    if (!pending_.packet) {
      await_request();
      return true;
    }
    const auto sent =
        util::send_packet(socket_.get(), pending_.packet->list, pending_.packet->connection.get());
    if (!sent && sent.error().code == EAGAIN) break;
    if (!sent) {
      if (!has_hung_up(sent.error().code))
        desk_.sparing_log.warn(fmt::format("{}: {}", desk_.client_name, sent.error().what));
      return false;
    }
    pending_.packet.reset();
    if (const auto then = std::exchange(pending_.then, nullptr)) then();
  }
  await_room();
  return true;
}

void ExtensionDialogue::await_request() {
  pending_.rest = nullptr;
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
