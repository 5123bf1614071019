#include "smtpstone/source_session.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "util/msg.h"

namespace handoff::smtpstone {
namespace {

using namespace std::chrono_literals;

constexpr auto kTimeLimit = 300s;
constexpr auto kBetweenAttempts = 10ms;

bool would_block(int code) {
  return code == EAGAIN || code == EWOULDBLOCK || code == EINTR;
}

}  // namespace

SourceSession::SourceSession(Host& host, util::Scheduler& scheduler, const SourceOptions& options,
                             const std::vector<util::SocketAddress>& servers, MessageSupply& supply,
                             std::mt19937& random)
    : host_(host),
      scheduler_(scheduler),
      options_(options),
      servers_(servers),
      supply_(supply),
      random_(random) {}

void SourceSession::start() {
  reserved_ = supply_.reserve();
  if (!reserved_) return host_.session_finished();
  connect();
}

util::Result<util::UniqueFd> SourceSession::begin_connect() const {
  if (servers_.empty()) return util::begin_connect_unix(options_.server.path);
  return util::begin_connect_inet(servers_[server_], options_.window_size);
}

void SourceSession::connect() {
  ++attempts_;
  auto socket = begin_connect();
  if (!socket) return on_connect_failed(socket.error());
  socket_ = *std::move(socket);
  writable_ = scheduler_.writable(socket_.get(), [this] { on_connected(); });
  limit_wait();
}

void SourceSession::on_connected() {
  writable_.cancel();
  if (const util::Status outcome = util::connect_outcome(socket_.get()); !outcome)
    return on_connect_failed(outcome.error());
  attempts_ = 0;
  dialogue_.emplace(options_.manners);
  finished_before_ = 0;
  readable_ = scheduler_.readable(socket_.get(), [this] { on_readable(); });
  limit_wait();
}

void SourceSession::on_connect_failed(const util::Error& error) {
  writable_.cancel();
  socket_.reset();
  const bool reset = error.code == ECONNREFUSED || error.code == ECONNRESET;
  if (reset && attempts_ < options_.connection_attempts) {
    timer_ = scheduler_.after(kBetweenAttempts, [this] { connect(); });
    return;
  }
  if (server_ + 1 >= servers_.size()) return fail("connect: " + error.what);
  ++server_;
  attempts_ = 0;
  timer_ = scheduler_.after(0ms, [this] { connect(); });
}

void SourceSession::on_readable() {
  std::array<char, 4096> buffer;
  const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0 && would_block(errno)) return;
  if (size <= 0) return fail(size == 0 ? "lost connection" : "read: " + util::errno_text(errno));
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
  msg::debug("< {}", bytes);
  limit_wait();

  std::string answer = dialogue_->receive(bytes);
  for (; finished_before_ < dialogue_->finished(); ++finished_before_) {
    reserved_ = false;
    sent_before_ = true;
    host_.message_finished();
  }
  if (dialogue_->failure()) return fail(*dialogue_->failure());
  if (dialogue_->over()) return again();
  if (!answer.empty()) send(std::move(answer));
  if (dialogue_->idle()) on_idle();
}

void SourceSession::on_idle() {
  const bool more = reserved_ || (options_.keep_connection && supply_.reserve());
  if (!more) return send(dialogue_->quit());
  reserved_ = true;
  const auto wait = sent_before_ ? pause() : 0ms;
  if (wait == 0ms) return begin_message();
  timer_ = scheduler_.after(wait, [this] { begin_message(); });
}

void SourceSession::begin_message() {
  limit_wait();
  send(dialogue_->begin(supply_.next()));
}

void SourceSession::again() {
  readable_.cancel();
  socket_.reset();
  reserved_ = supply_.reserve();
  if (!reserved_) {
    timer_.cancel();
    return host_.session_finished();
  }
  timer_ = scheduler_.after(0ms, [this] { connect(); });
}

void SourceSession::send(std::string text) {
  msg::debug("> {}", text.substr(0, 200));
  out_ = out_.substr(out_sent_) + std::move(text);
  out_sent_ = 0;
  flush();
}

void SourceSession::flush() {
  while (out_sent_ < out_.size()) {
    const ssize_t sent = ::send(socket_.get(), out_.data() + out_sent_, out_.size() - out_sent_,
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && !would_block(errno)) return fail("write: " + util::errno_text(errno));
    if (sent < 0) break;
    out_sent_ += static_cast<std::size_t>(sent);
  }
  if (out_sent_ == out_.size()) {
    out_.clear();
    out_sent_ = 0;
    writable_.cancel();
  } else if (!writable_.pending()) {
    writable_ = scheduler_.writable(socket_.get(), [this] {
      limit_wait();
      flush();
    });
  }
}

void SourceSession::fail(const std::string& reason) {
  readable_.cancel();
  writable_.cancel();
  timer_.cancel();
  socket_.reset();
  host_.session_failed(reason);
}

void SourceSession::limit_wait() {
  timer_ = scheduler_.after(kTimeLimit, [this] { fail("timeout"); });
}

util::Scheduler::Duration SourceSession::pause() {
  if (!options_.random_pause) return options_.pause;
  return util::Scheduler::Duration(std::uniform_int_distribution<util::Scheduler::Duration::rep>(
      0, options_.pause.count())(random_));
}

}  // namespace handoff::smtpstone
