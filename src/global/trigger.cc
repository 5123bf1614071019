#include "global/trigger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "util/hang_up.h"
#include "util/msg.h"
#include "util/sockets.h"
#include "util/stream.h"

namespace handoff::global {

using util::Error;
using util::Status;
using util::Stream;
using util::UniqueFd;

namespace {

constexpr int kRetries = 3;

// Without a reader this fails at once, and with one that sleeps the pipe has room.
Status write_fifo(const std::string& path, std::string_view requests,
                  std::chrono::milliseconds limit) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return Error::system("open " + path, errno);
  Stream stream(std::move(fd), path, limit);
  if (Status written = stream.write(requests); !written) return written;
  return stream.flush();
}

// The bytes wait in the socket until the server comes to them, also after we have closed it. The
// NUL is not a request: servers on systems with another kind of socket need it.
Status write_socket_once(const std::string& path, std::string_view requests,
                         std::chrono::milliseconds limit) {
  auto fd = util::connect_unix(path, limit);
  if (!fd) return std::move(fd).error();
  Stream stream(*std::move(fd), path, limit);
  if (Status written = stream.write(std::string(requests) + '\0'); !written) return written;
  return stream.flush();
}

// A process that is about to leave, at a reload, hangs up on us; the next one listens.
Status write_socket(const std::string& path, std::string_view requests,
                    std::chrono::milliseconds limit) {
  Status written = write_socket_once(path, requests, limit);
  for (int retry = 0; retry < kRetries && !written && util::is_hang_up(written.error()); ++retry)
    written = write_socket_once(path, requests, limit);
  return written;
}

}  // namespace

// A socket is what is nearly always there, so it is tried before anything is looked at.
Status send_trigger(const std::string& path, std::string_view requests,
                    std::chrono::milliseconds limit) {
  Status sent = write_socket(path, requests, limit);
  if (sent) return sent;
  struct stat attributes {};
  if (stat(path.c_str(), &attributes) < 0) return Error::system("unable to look up " + path, errno);
  if (S_ISFIFO(attributes.st_mode)) return write_fifo(path, requests, limit);
  if (!S_ISSOCK(attributes.st_mode)) return Error::syntax(path + " is not a socket or a fifo");
  return sent;
}

void trigger_service(std::string_view service_class, std::string_view name,
                     std::string_view requests, std::chrono::milliseconds limit) {
  const Status sent = send_trigger(fmt::format("{}/{}", service_class, name), requests, limit);
  if (sent) return;
  const int code = sent.error().code;
  if (code == ECONNREFUSED || code == ENXIO) return msg::debug("{}", sent.error().what);
  msg::warn("{}", sent.error().what);
}

}  // namespace handoff::global
