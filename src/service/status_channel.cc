#include "service/status_channel.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <span>

namespace handoff::service {
namespace {

using global::master_proto::Availability;
using global::master_proto::StatusRecord;

// A record is small and atomic. Blocking is right: master reads as fast as it can, and a record
// must not be lost; the watchdog bounds the wait.
bool send_all(int socket, std::span<const char> bytes) {
  while (true) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent) == bytes.size();
    if (errno != EINTR) return false;
  }
}

}  // namespace

StatusChannel::StatusChannel(util::UniqueFd socket, pid_t pid, unsigned generation, Detail detail)
    : socket_(std::move(socket)), pid_(pid), generation_(generation), detail_(detail) {}

StatusRecord StatusChannel::record(Availability availability) const {
  return {pid_, generation_, static_cast<std::int32_t>(availability)};
}

void StatusChannel::taken() {
  if (detail_ != Detail::EveryRequest) return;
  (void)send_all(socket_.get(), encode(record(Availability::Taken)));
}

bool StatusChannel::available() {
  const bool first = std::exchange(first_, false);
  switch (detail_) {
    case Detail::None:
      return true;
    case Detail::EveryRequest:
      return send_all(socket_.get(), encode(record(Availability::Available)));
    case Detail::FirstRequest: {
      if (!first) return true;
      const std::array both = {record(Availability::Taken), record(Availability::Available)};
      return send_all(socket_.get(), {reinterpret_cast<const char*>(both.data()), sizeof both});
    }
  }
  return true;
}

void StatusChannel::retire() {
  detail_ = Detail::None;
  socket_.reset();
}

std::optional<unsigned> parse_generation(std::string_view text) {
  unsigned generation = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), generation, 8);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return generation;
}

}  // namespace handoff::service
