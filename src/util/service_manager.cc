#include "util/service_manager.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>

#include "util/msg.h"
#include "util/result.h"
#include "util/sockets.h"

namespace handoff::util {
namespace {

// The service manager may be busy with a whole machine's start.
constexpr std::chrono::seconds kPatience{5};

// A path, or with "@" for its first byte an abstract name.
Result<UniqueFd> connect_to(std::string_view name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool possible = name.starts_with('/') || (name.starts_with('@') && name.size() > 1);
  if (!possible || name.size() >= sizeof address.sun_path) {
    return Error::syntax("not the name of a socket");
  }
  std::copy(name.begin(), name.end(), address.sun_path);
  if (name.starts_with('@')) address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());

  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("socket", errno);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    return Error::system("connect", errno);
  }
  if (auto limited = limit_waits(socket.get(), kPatience); !limited) return limited.error();
  return socket;
}

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  ServiceManager manager;
  const char* name = std::getenv(kVariable);
  if (name == nullptr || *name == '\0') return manager;
  auto socket = connect_to(name);
  if (socket) {
    manager.socket_ = *std::move(socket);
  } else {
    msg::warn("{}={}: {}", kVariable, name, socket.error().what);
  }
  return manager;
}

// We may not be the process that the service manager has started (master -w).
void ServiceManager::ready(std::string_view status) {
  tell(fmt::format("READY=1\nMAINPID={}\nSTATUS={}\n", getpid(), first_line(status)));
}

void ServiceManager::reloading() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();  // CLOCK_MONOTONIC
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n",
                   std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void ServiceManager::stopping(std::string_view status) {
  tell(fmt::format("STOPPING=1\nSTATUS={}\n", first_line(status)));
}

void ServiceManager::tell(const std::string& lines) {
  if (!socket_) return;
  const auto sent = send(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL);
  if (sent < 0) msg::warn("{}: {}", kVariable, errno_text(errno));
}

}  // namespace handoff::util
