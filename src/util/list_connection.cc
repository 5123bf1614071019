#include "util/list_connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "util/pass_fd.h"

namespace handoff::util {

namespace {

constexpr std::size_t kReadSize = 16384;
constexpr int kReadsInARow = 16;  // then others get their turn

}  // namespace

ListConnection::ListConnection(Scheduler& scheduler, UniqueFd socket, std::string name,
                               Handlers handlers)
    : scheduler_(scheduler),
      socket_(std::move(socket)),
      name_(std::move(name)),
      handlers_(std::make_shared<const Handlers>(std::move(handlers))) {
  readable_ = scheduler_.readable(socket_.get(), [this] { on_readable(); });
}

ListConnection::~ListConnection() {
  *alive_ = false;
}

void ListConnection::send(std::string_view bytes) {
  if (ended_) return;
  output_ += bytes;
  if (!writable_.pending()) write_pending();
}

void ListConnection::expect_within(Scheduler::Duration limit) {
  limit_ = scheduler_.after(limit, [this] { end(Error::timeout(name_ + ": timed out")); });
}

void ListConnection::on_readable() {
  const std::shared_ptr<bool> alive = alive_;
  for (int i = 0; i < kReadsInARow; ++i) {
    const bool got_some = read_some();
    if (!*alive || ended_ || !got_some) return;
    if (!give_lists() || !more_expected_) return;
  }
}

bool ListConnection::read_some() {
  std::array<char, kReadSize> buffer;
  auto received = receive(socket_.get(), buffer);
  if (!received) {
    if (received.error().code != EAGAIN && received.error().code != EWOULDBLOCK)
      end(std::move(received).error());
    return false;
  }
  if (received->bytes == 0) {
    end(input_.empty() ? Error::closed(name_ + ": closed by the peer")
                       : Error::protocol(name_ + ": premature end-of-input"));
    return false;
  }
  input_.append(buffer.data(), received->bytes);
  more_expected_ = received->bytes == buffer.size();
  return true;  // descriptors that nobody asked for are closed with `received`
}

// False when there is no more to do: this has been destroyed, or has ended.
bool ListConnection::give_lists() {
  const std::shared_ptr<bool> alive = alive_;
  const std::shared_ptr<const Handlers> handlers = handlers_;
  while (!input_.empty()) {
    const auto length = scanner_.scan(input_);
    if (!length) {
      end(length.error());
      return false;
    }
    if (!*length) return true;
    const std::string list = input_.substr(0, **length);
    input_.erase(0, **length);
    scanner_ = {};
    limit_.cancel();
    handlers->on_list(list);
    if (!*alive || ended_) return false;
  }
  return true;
}

void ListConnection::on_writable() {
  writable_.cancel();
  write_pending();
}

void ListConnection::write_pending() {
  while (!output_.empty()) {
    const ssize_t sent =
        ::send(socket_.get(), output_.data(), output_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      output_.erase(0, static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      writable_ = scheduler_.writable(socket_.get(), [this] { on_writable(); });
      return;
    } else if (errno != EINTR) {
      return end_soon(Error::system("write " + name_, errno));
    }
  }
}

void ListConnection::end(Error why) {
  if (std::exchange(ended_, true)) return;
  readable_.cancel();
  writable_.cancel();
  limit_.cancel();
  ending_.cancel();
  const std::shared_ptr<const Handlers> handlers = handlers_;
  handlers->on_end(why);  // may destroy this
}

// Not from within the owner's call to send().
void ListConnection::end_soon(Error why) {
  output_.clear();
  ending_ = scheduler_.after(Scheduler::Duration(0), [this, why = std::move(why)] { end(why); });
}

}  // namespace handoff::util
