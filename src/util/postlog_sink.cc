// The sender's side of the postlog socket, see msg.h.
//
// The kernel's queue for such a socket is short: ten datagrams on many systems. A postlogd that is
// just being started, or busy, wants a moment of patience; one that hangs must not take mail
// delivery with it. So a sender waits once, and briefly; then its lines wait in memory, without
// the sender, until the socket takes lines again. SIGTERM, by which most daemons end, first waits
// for it once more.
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <deque>
#include <utility>

#include "util/msg.h"
#include "util/postlog_copies.h"
#include "util/postlog_prefix.h"
#include "util/signals.h"
#include "util/unique_fd.h"

namespace handoff::util::msg {
namespace {

std::string& current_prefix() {
  static std::string prefix;
  return prefix;
}

constexpr timeval kPatience{.tv_sec = 0, .tv_usec = 250'000};
constexpr std::size_t kMostWaiting = 1000;

struct Options {
  std::string socket_path;
  std::string hostname;
  std::string_view mark;
  Patience patience = Patience::Brief;
  std::unique_ptr<Sink> fallback;
};

class PostlogSink : public Sink {
 public:
  explicit PostlogSink(Options options) : options_(std::move(options)) { connect_to_postlogd(); }
  PostlogSink(const PostlogSink&) = delete;
  PostlogSink& operator=(const PostlogSink&) = delete;
  ~PostlogSink() override {
    flush();
    if (rescued_ == this) rescued_ = nullptr;
  }

  void write(Level level, std::string_view tag, std::string_view text) noexcept override {
    std::string record = datagram(level, tag, text);
    if (waiting_.empty() && deliver(record, options_.patience)) return;
    if (options_.fallback) return options_.fallback->write(level, tag, text);
    if (errno != EAGAIN && waiting_.empty()) return;  // nobody will ever take it
    const HeldBack held(SIGTERM);
    tag_ = tag;
    keep(std::move(record));
    rescue_at_termination();
    send_waiting(Patience::None);
  }

  // The last chance, with patience.
  void flush() noexcept override { offer(Patience::Brief); }

  [[nodiscard]] bool has_waiting() const noexcept override { return !waiting_.empty(); }
  void offer() noexcept override { offer(Patience::None); }

 private:
  void offer(Patience patience) {
    if (waiting_.empty()) return;
    const HeldBack held(SIGTERM);
    send_waiting(patience);
  }

  // Not where the program has a mind of its own about SIGTERM: it will end by exit(3), or not.
  void rescue_at_termination() {
    struct sigaction now {};
    if (sigaction(SIGTERM, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) return;
    rescued_ = this;
    struct sigaction then {};
    then.sa_handler = on_termination;
    then.sa_flags = SA_RESETHAND;
    (void)sigaction(SIGTERM, &then, nullptr);
  }

  // Only system calls from here on. Whoever changes waiting_ holds the signal back.
  static void on_termination(int signal) {
    if (rescued_ != nullptr) rescued_->send_last_words();
    (void)raise(signal);
  }
  void send_last_words() const {
    for (const std::string& record : waiting_)
      if (!send(record, Patience::Brief)) return;
  }

  bool deliver(const std::string& record, Patience patience) {
    if (send(record, patience)) return true;
    // postlogd came up, or came back, after we had started.
    return errno != EAGAIN && connect_to_postlogd() && send(record, patience);
  }

  // Without patience not at all: master must not wait for a postlogd that it has to start itself.
  bool send(const std::string& record, Patience patience) const {
    if (!socket_) {
      errno = ENOTCONN;
      return false;
    }
    const int flags = MSG_NOSIGNAL | (patience == Patience::Brief ? 0 : MSG_DONTWAIT);
    while (::send(socket_.get(), record.data(), record.size(), flags) < 0) {
      if (errno != EINTR) return false;
    }
    return true;
  }

  void keep(std::string record) {
    if (waiting_.size() == kMostWaiting) {
      waiting_.pop_front();
      ++lost_;
    }
    waiting_.push_back(std::move(record));
  }

  void send_waiting(Patience patience) {
    if (lost_ > 0 && send(loss(), patience)) lost_ = 0;
    while (lost_ == 0 && !waiting_.empty() && send(waiting_.front(), patience))
      waiting_.pop_front();
    if (!waiting_.empty() && errno != EAGAIN) waiting_.clear();  // postlogd has gone
  }

  std::string loss() const {
    return datagram(Level::Warning, tag_,
                    fmt::format("{} lines were lost: the log did not take them", lost_));
  }

  std::string datagram(Level level, std::string_view tag, std::string_view text) const {
    return std::string(options_.mark) + PostlogPrefix::current() +
           format_record(level, options_.hostname, tag, text);
  }

  bool connect_to_postlogd() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& path = options_.socket_path;
    if (path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket ||
        setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience) != 0 ||
        connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return false;
    }
    socket_ = std::move(socket);
    return true;
  }

  Options options_;
  std::string tag_;  // of the newest line that waits
  UniqueFd socket_;
  std::deque<std::string> waiting_;
  std::uint64_t lost_ = 0;

  static PostlogSink* rescued_;  // has lines that wait, or had some
};

PostlogSink* PostlogSink::rescued_ = nullptr;

}  // namespace

PostlogPrefix::PostlogPrefix(std::string prefix) {
  current_prefix() = std::move(prefix);
}
PostlogPrefix::~PostlogPrefix() {
  current_prefix().clear();
}
const std::string& PostlogPrefix::current() {
  return current_prefix();
}

std::unique_ptr<Sink> postlog_sink(const std::string& socket_path, std::string hostname,
                                   std::unique_ptr<Sink> fallback) {
  const Patience patience = fallback ? Patience::None : Patience::Brief;
  return std::make_unique<PostlogSink>(
      Options{socket_path, std::move(hostname), {}, patience, std::move(fallback)});
}

std::unique_ptr<Sink> postlog_copies(std::string socket_path, std::string hostname,
                                     std::string_view mark, Patience patience) {
  return std::make_unique<PostlogSink>(
      Options{std::move(socket_path), std::move(hostname), mark, patience, nullptr});
}

}  // namespace handoff::util::msg
