#include "scache/second_socket.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "global/mail_proto.h"
#include "global/scache_extension.h"
#include "util/msg.h"
#include "util/sockets.h"

namespace handoff::scache {
namespace {

using namespace std::chrono_literals;

constexpr int kBacklog = 100;
constexpr mode_t kOwnerOnly = 0600;
constexpr auto kPauseWithoutDescriptors = 1s;

// Empty when there is not to be any: not "private/scache", or the like.
std::string second_path(const std::string& first) {
  const std::string directory = std::string(global::service_class::kPrivate) + '/';
  if (!first.starts_with(directory) || first.find('/', directory.size()) != std::string::npos)
    return {};
  return first + std::string(global::kSecondSocketSuffix);
}

}  // namespace

struct SecondSocket::Guest {
  Guest(global::scache::Desk& desk, util::UniqueFd client, service::Presence is_here,
        std::function<void()> gone)
      : presence(std::move(is_here)), dialogue(desk, std::move(client), std::move(gone)) {}

  service::Presence presence;  // ends after the connection is closed
  global::scache::ExtensionDialogue dialogue;
};

SecondSocket::SecondSocket(service::MultiServer& server, global::scache::Desk& desk)
    : server_(server), desk_(desk) {
  const std::string path = second_path(server.socket_path());
  if (path.empty()) return;
  auto listener = util::listen_unix_packets(path, kBacklog, kOwnerOnly);
  if (!listener) {
    msg::warn("{}; clients have to do with {}", listener.error().what, server.socket_path());
    return;
  }
  listener_ = *std::move(listener);
  watch();
}

SecondSocket::~SecondSocket() = default;

void SecondSocket::watch() {
  watch_ = desk_.scheduler.readable(listener_.get(), [this] { accept_one(); });
}

void SecondSocket::settle() {
  watch_.cancel();
  pause_.cancel();
  listener_.reset();
  for (const auto& [id, guest] : guests_) guest->dialogue.settle();
  guests_.clear();
}

void SecondSocket::accept_one() {
  auto client = util::accept_connection(listener_.get());
  if (!client && util::transient_accept_error(client.error().code)) return;
  if (!client) {
    desk_.sparing_log.warn(client.error().what);
    if (client.error().code == EMFILE && desk_.relieve()) return;  // it is still waiting
    return pause_accepting();
  }
  const auto user = util::peer_user(client->get());
  if (!user || !global::scache::may_use_extension(*user, geteuid())) return;
  const std::uint64_t id = next_guest_++;
  guests_.emplace(id, std::make_unique<Guest>(desk_, *std::move(client), server_.add_client(),
                                              [this, id] { guests_.erase(id); }));
}

// The waiting client keeps the listener readable: without a pause the loop would spin.
void SecondSocket::pause_accepting() {
  watch_.cancel();
  pause_ = desk_.scheduler.after(kPauseWithoutDescriptors, [this] { watch(); });
}

}  // namespace handoff::scache
