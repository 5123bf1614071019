#include "util/stream.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "util/sockets.h"

namespace handoff::util {
namespace {

constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::size_t kWriteBehind = 64 * 1024;

}  // namespace

Stream::Stream(UniqueFd fd, std::string name, Duration limit)
    : fd_(std::move(fd)), kind_(kind_of(fd_.get())), name_(std::move(name)), limit_(limit) {}

Stream::Kind Stream::kind_of(int fd) {
  int domain = 0;
  socklen_t length = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0) return Kind::Other;
  return domain == AF_UNIX ? Kind::UnixSocket : Kind::Socket;
}

Error Stream::fail(Error error) {
  if (!error_) error_ = std::move(error);
  return *error_;
}

Status Stream::wait(short events, std::string_view doing) {
  const Duration limit = limit_.count() > 0 ? limit_ : Duration(-1);
  const auto ready =
      events == POLLIN ? wait_readable(fd_.get(), limit) : wait_writable(fd_.get(), limit);
  if (!ready) return fail(ready.error());
  if (!*ready)
    return fail(
        Error{Error::Kind::Timeout, std::string(doing) + " " + name_ + ": timed out", ETIMEDOUT});
  return {};
}

// 0 at end-of-file; System/EAGAIN when there is nothing.
Result<std::size_t> Stream::read_some(char* into, std::size_t room) {
  if (kind_ == Kind::UnixSocket) {
    auto received = receive(fd_.get(), {into, room});
    if (!received) return std::move(received).error();
    const std::size_t bytes = received->bytes;
    if (bytes > 0 && (!received->descriptors.empty() || received->truncated))
      arrived_.push_back({input_.size() + bytes - 1, *std::move(received)});
    return bytes;
  }
  ssize_t bytes = 0;
  do {
    bytes = kind_ == Kind::Socket ? recv(fd_.get(), into, room, MSG_DONTWAIT)
                                  : ::read(fd_.get(), into, room);
  } while (bytes < 0 && errno == EINTR);
  if (bytes < 0) return Error::system("read " + name_, errno);
  return static_cast<std::size_t>(bytes);
}

Status Stream::await_input() {
  if (error_) return *error_;
  if (Status flushed = flush(); !flushed) return flushed;
  if (consumed_ == input_.size() && arrived_.empty()) {
    input_.clear();
    consumed_ = 0;
  }
  // A read from a pipe would block: ask first.
  if (kind_ == Kind::Other) {
    if (Status ready = wait(POLLIN, "read"); !ready) return ready;
  }
  char buffer[kReadSize];
  while (true) {
    const auto bytes = read_some(buffer, sizeof buffer);
    if (bytes && *bytes == 0) return fail(Error::closed(name_ + ": end of input"));
    if (bytes) {
      input_.append(buffer, *bytes);
      last_io_ = std::chrono::steady_clock::now();
      return {};
    }
    if (bytes.error().code != EAGAIN) return fail(bytes.error());
    if (Status ready = wait(POLLIN, "read"); !ready) return ready;
  }
}

Result<std::string_view> Stream::peek() {
  if (!unread().empty()) return unread();
  return more();
}

Result<std::string_view> Stream::more() {
  if (Status arrived = await_input(); !arrived) return std::move(arrived).error();
  return unread();
}

void Stream::consume(std::size_t bytes) {
  consumed_ = std::min(consumed_ + bytes, input_.size());
  // A descriptor whose byte was taken for ordinary data is nobody's: closed.
  while (!arrived_.empty() && arrived_.front().at < consumed_) arrived_.pop_front();
}

Result<std::string> Stream::read_exactly(std::size_t bytes) {
  while (unread().size() < bytes) {
    if (Status arrived = await_input(); !arrived) return std::move(arrived).error();
  }
  std::string result(unread().substr(0, bytes));
  consume(bytes);
  return result;
}

Result<std::string> Stream::read_through(char delimiter, std::size_t limit) {
  std::size_t searched = 0;
  while (true) {
    const std::string_view bytes = unread();
    const std::size_t at = bytes.find(delimiter, searched);
    if (at != std::string_view::npos && at < limit) return read_exactly(at + 1);
    if (bytes.size() >= limit) return Error::limit(name_ + ": input too long");
    searched = bytes.size();
    if (Status arrived = await_input(); !arrived) return std::move(arrived).error();
  }
}

Result<UniqueFd> Stream::receive_fd() {
  if (auto bytes = peek(); !bytes) return std::move(bytes).error();
  Received received;
  if (!arrived_.empty() && arrived_.front().at == consumed_) {
    received = std::move(arrived_.front().received);
    arrived_.pop_front();
  }
  received.bytes = 1;
  consume(1);
  return exactly_one(std::move(received));
}

bool Stream::readable_now() const {
  pollfd ask{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  return !unread().empty() || poll(&ask, 1, 0) != 0;
}

bool Stream::hung_up() const {
  pollfd ask{.fd = fd_.get(), .events = 0, .revents = 0};  // POLLHUP and POLLERR always count
  return poll(&ask, 1, 0) == 1;
}

Status Stream::write(std::string_view bytes) {
  if (error_) return *error_;
  output_ += bytes;
  return output_.size() >= kWriteBehind ? flush() : Status();
}

Status Stream::flush() {
  if (error_) return *error_;
  if (output_.empty()) return {};
  std::string bytes;
  bytes.swap(output_);
  Status sent = send_now(bytes);
  bytes.clear();
  output_ = std::move(bytes);  // keeps the room
  return sent;
}

Result<std::size_t> Stream::write_some(std::string_view bytes) {
  ssize_t count = 0;
  do {
    count = kind_ == Kind::Other
                ? ::write(fd_.get(), bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF))
                : ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return Error::system("write " + name_, errno);
  return static_cast<std::size_t>(count);
}

Status Stream::send_now(std::string_view bytes) {
  while (!bytes.empty()) {
    // A pipe with room takes PIPE_BUF bytes without blocking.
    if (kind_ == Kind::Other) {
      if (Status ready = wait(POLLOUT, "write"); !ready) return ready;
    }
    const auto count = write_some(bytes);
    if (count) {
      bytes.remove_prefix(*count);
      last_io_ = std::chrono::steady_clock::now();
    } else if (count.error().code != EAGAIN) {
      return fail(count.error());
    } else if (Status ready = wait(POLLOUT, "write"); !ready) {
      return ready;
    }
  }
  return {};
}

Status Stream::send_fd(int fd) {
  if (Status flushed = flush(); !flushed) return flushed;
  while (true) {
    Status sent = util::send_fd(fd_.get(), fd);
    if (sent) return sent;
    if (sent.error().code != EAGAIN) return fail(std::move(sent).error());
    if (Status ready = wait(POLLOUT, "write"); !ready) return ready;
  }
}

UniqueFd Stream::release() {
  arrived_.clear();
  input_.clear();
  consumed_ = 0;
  output_.clear();
  return std::move(fd_);
}

}  // namespace handoff::util
