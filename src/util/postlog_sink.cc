// The sender's side of the postlog socket, see msg.h.
//
// The kernel's queue for such a socket is short: ten datagrams on many systems. A postlogd that is
// just being started, or busy, wants a moment of patience; one that hangs must not take mail
// delivery with it. So a sender waits once, and briefly; then its lines wait in memory, without
// the sender, until the socket takes lines again. SIGTERM, by which most daemons end, first waits
// for it once more. Lines stay in order: as long as one waits, no other takes another way.
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <deque>
#include <set>
#include <utility>

#include "util/msg.h"
#include "util/postlog_child.h"
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

constexpr timeval kBriefly{.tv_sec = 0, .tv_usec = 250'000};
constexpr timeval kLong{.tv_sec = 2, .tv_usec = 0};
constexpr std::size_t kMostWaiting = 1000;

struct Options {
  std::string socket_path;
  std::string hostname;
  std::string_view mark;
  Patience patience = Patience::Brief;
  std::unique_ptr<Sink> fallback;
};

struct Line {
  Level level = Level::Info;
  std::string tag;
  std::string text;
  std::string record;  // as it is sent
};

class PostlogSink : public Sink {
 public:
  explicit PostlogSink(Options options) : options_(std::move(options)) {
    connect_to_postlogd();
    living_.insert(this);
  }
  PostlogSink(const PostlogSink&) = delete;
  PostlogSink& operator=(const PostlogSink&) = delete;
  ~PostlogSink() override {
    finish(usual_flags());
    if (rescued_ == this) rescued_ = nullptr;
    living_.erase(this);
  }

  static void forget_all() noexcept {
    for (PostlogSink* sink : living_) {
      const HeldBack held(SIGTERM);
      sink->waiting_.clear();
      sink->unsaid_ = 0;
    }
  }

  void write(Level level, std::string_view tag, std::string_view text) noexcept override {
    Line line{level, std::string(tag), std::string(text), datagram(level, tag, text)};
    if (waiting_.empty()) {
      if (deliver(line.record)) return;
      if (errno != EAGAIN) return give_up(line);  // nobody will ever take it
    }
    const HeldBack held(SIGTERM);
    make_room();
    waiting_.push_back(std::move(line));
    rescue_at_termination();
    send_waiting(MSG_DONTWAIT);
  }

  // The last chance, with patience.
  void flush() noexcept override { finish(0); }

  [[nodiscard]] bool has_waiting() const noexcept override { return !waiting_.empty(); }
  void offer() noexcept override {
    if (waiting_.empty()) return;
    const HeldBack held(SIGTERM);
    send_waiting(MSG_DONTWAIT);
  }

  // Of a copy somebody else has the original.
  [[nodiscard]] std::uint64_t lost() const noexcept override {
    if (!options_.mark.empty()) return 0;
    return lost_ + (options_.fallback ? options_.fallback->lost() : 0);
  }

 private:
  void finish(int flags) {
    if (waiting_.empty()) return;
    const HeldBack held(SIGTERM);
    send_waiting(flags);
    while (!waiting_.empty()) give_up_oldest();
  }
  [[nodiscard]] int usual_flags() const {
    return options_.patience == Patience::None ? MSG_DONTWAIT : 0;
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
    for (const Line& line : waiting_)
      if (!send(line.record, 0)) return;
  }

  bool deliver(const std::string& record) {
    if (send(record, usual_flags())) return true;
    // postlogd came up, or came back, after we had started.
    return errno != EAGAIN && connect_to_postlogd() && send(record, usual_flags());
  }

  bool send(const std::string& record, int flags) const {
    if (!socket_) {
      errno = ENOTCONN;
      return false;
    }
    while (::send(socket_.get(), record.data(), record.size(), MSG_NOSIGNAL | flags) < 0) {
      if (errno != EINTR) return false;
    }
    return true;
  }

  void make_room() {
    if (waiting_.size() == kMostWaiting && options_.patience == Patience::Long) send_waiting(0);
    if (waiting_.size() == kMostWaiting) give_up_oldest();
  }

  void give_up(const Line& line) {
    if (options_.fallback)
      options_.fallback->write(line.level, line.tag, line.text);
    else
      ++lost_;
  }
  // Whoever reads the log later is told.
  void give_up_oldest() {
    if (!options_.fallback) ++unsaid_;
    give_up(waiting_.front());
    waiting_.pop_front();
  }

  void send_waiting(int flags) {
    if (unsaid_ > 0 && send(loss(), flags)) unsaid_ = 0;
    while (unsaid_ == 0 && !waiting_.empty() && send(waiting_.front().record, flags))
      waiting_.pop_front();
    if (waiting_.empty() || errno == EAGAIN) return;
    for (const Line& line : waiting_) give_up(line);  // postlogd has gone
    waiting_.clear();
  }

  std::string loss() const {
    return datagram(Level::Warning, waiting_.back().tag,
                    fmt::format("{} lines were lost: the log did not take them", unsaid_));
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
    const timeval& patience = options_.patience == Patience::Brief ? kBriefly : kLong;
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket ||
        setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return false;
    }
    socket_ = std::move(socket);
    return true;
  }

  Options options_;
  UniqueFd socket_;
  std::deque<Line> waiting_;
  std::uint64_t lost_ = 0;
  std::uint64_t unsaid_ = 0;  // of those that were lost while others waited

  static PostlogSink* rescued_;  // has lines that wait, or had some
  static std::set<PostlogSink*> living_;
};

PostlogSink* PostlogSink::rescued_ = nullptr;
std::set<PostlogSink*> PostlogSink::living_;

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

void leave_waiting_to_parent() noexcept {
  PostlogSink::forget_all();
}

std::unique_ptr<Sink> postlog_sink(const std::string& socket_path, std::string hostname,
                                   Patience patience, std::unique_ptr<Sink> fallback) {
  return std::make_unique<PostlogSink>(
      Options{socket_path, std::move(hostname), {}, patience, std::move(fallback)});
}

std::unique_ptr<Sink> postlog_copies(std::string socket_path, std::string hostname,
                                     std::string_view mark, Patience patience) {
  return std::make_unique<PostlogSink>(
      Options{std::move(socket_path), std::move(hostname), mark, patience, nullptr});
}

}  // namespace handoff::util::msg
