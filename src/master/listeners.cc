#include "master/listeners.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "util/msg.h"
#include "util/sockets.h"

namespace handoff::master {
namespace {

using util::Error;
using util::Result;
using util::UniqueFd;

constexpr mode_t kSocketMode = 0666;  // the directory decides who may
constexpr const char* kAside = ".former";
constexpr mode_t kFifoMode = 0622;

Result<UniqueFd> open_fifo(const std::string& path) {
  const auto failed = [&path](std::string_view what) {
    return Error::system(fmt::format("fifo_listen: {} {}", what, path), errno);
  };
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove");
  if (mkfifo(path.c_str(), kFifoMode) != 0) return failed("create fifo");
  // Open for both, so that it neither waits for a writer nor sees end-of-file.
  UniqueFd fifo(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  if (!fifo) return failed("open");
  if (fchmod(fifo.get(), kFifoMode) != 0) return failed("fchmod");
  return fifo;
}

Result<UniqueFd> open_path(ServiceType type, const std::string& path, int backlog) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error::limit("unix-domain name too long: " + path);
  }
  switch (type) {
    case ServiceType::Fifo:
      return open_fifo(path);
    case ServiceType::UnixDatagram:
      return util::bind_unix_datagram(path, kSocketMode);
    default:
      return util::listen_unix(path, backlog, kSocketMode);
  }
}

}  // namespace

AsOwner::AsOwner(const global::MailOwner& owner) : switched_(!global::rootless()) {
  if (!switched_) return;
  if (setegid(owner.gid) != 0 || seteuid(owner.uid) != 0) {
    msg::fatal("set_eugid: {}", util::errno_text(errno));
  }
}

AsOwner::~AsOwner() {
  if (switched_ && (seteuid(0) != 0 || setegid(0) != 0)) {
    msg::fatal("set_eugid: {}", util::errno_text(errno));
  }
}

Result<PathClaim> PathClaim::on(const std::string& path, bool in_use,
                                const global::MailOwner& owner) {
  Claim claim{path, {}, owner};
  if (in_use) {
    claim.aside = path + kAside;
    const AsOwner as_owner(owner);
    if (rename(path.c_str(), claim.aside.c_str()) != 0) {
      if (errno != ENOENT) return Error::system("rename " + path, errno);
      claim.aside.clear();  // somebody has removed it
    }
  }
  return PathClaim(std::move(claim));
}

PathClaim::~PathClaim() {
  if (!claim_) return;
  const AsOwner as_owner(claim_->owner);
  const char* path = claim_->path.c_str();
  if (claim_->aside.empty()) {
    (void)unlink(path);  // it may not have come to that
  } else if (rename(claim_->aside.c_str(), path) != 0) {
    msg::warn("rename {} to {}: {}", claim_->aside, path, util::errno_text(errno));
  }
}

void PathClaim::keep() {
  const AsOwner as_owner(claim_->owner);
  if (!claim_->aside.empty()) (void)unlink(claim_->aside.c_str());  // it harms nobody
  claim_.reset();
}

Result<std::vector<UniqueFd>> open_listeners(ServiceType type, const Endpoint& endpoint,
                                             int backlog, const global::MailOwner& owner) {
  std::vector<UniqueFd> listeners;
  if (type != ServiceType::Inet) {
    const AsOwner as_owner(owner);
    auto listener = open_path(type, endpoint.path, backlog);
    if (!listener) return std::move(listener).error();
    listeners.push_back(*std::move(listener));
    return listeners;
  }
  for (const util::SocketAddress& address : endpoint.addresses) {
    auto listener = util::listen_inet(address, backlog);
    if (!listener) return std::move(listener).error();
    listeners.push_back(*std::move(listener));
  }
  return listeners;
}

}  // namespace handoff::master
