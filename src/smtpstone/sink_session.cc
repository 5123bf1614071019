#include "smtpstone/sink_session.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace handoff::smtpstone {
namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;

constexpr std::size_t kReadSize = 65536;
// A client that sends and sends without reading our replies is not read from any longer.
constexpr std::size_t kMostQueuedSteps = 1024;
constexpr std::size_t kMostQueuedBytes = 262144;

// One process has one loop and no threads: sessions take turns with it.
std::array<char, kReadSize> read_buffer;

bool would_block(int code) {
  return code == EAGAIN || code == EWOULDBLOCK || code == EINTR;
}

}  // namespace

SinkSession::SinkSession(Host& host, util::Scheduler& scheduler, const Timing& timing, Tally& tally,
                         util::UniqueFd socket, ServerDialogue dialogue, Tally::Address& address)
    : host_(host),
      scheduler_(scheduler),
      timing_(timing),
      tally_(tally),
      socket_(std::move(socket)),
      dialogue_(std::move(dialogue)),
      address_(address),
      last_active_(scheduler.now()) {}

void SinkSession::start() {
  watch_silence(timing_.time_limit);
  watch_input();
  Steps steps;
  dialogue_.greet(steps);
  answer(steps);
}

void SinkSession::watch_input() {
  readable_ = scheduler_.readable(socket_.get(), [this] { on_readable(); });
}

void SinkSession::on_readable() {
  const ssize_t size = ::recv(socket_.get(), read_buffer.data(), read_buffer.size(), MSG_DONTWAIT);
  if (size < 0 && would_block(errno)) return;
  if (size <= 0) return finish();
  last_active_ = scheduler_.now();
  tally_.bytes_received += static_cast<std::size_t>(size);

  Steps steps;
  const int messages_before = dialogue_.messages();
  const auto first = dialogue_.receive({read_buffer.data(), static_cast<std::size_t>(size)}, steps);
  address_.messages += static_cast<std::uint64_t>(dialogue_.messages() - messages_before);
  if (first && !outstanding()) ++tally_.round_trips[*first];
  if (dialogue_.over()) readable_.cancel();
  if (!steps.empty()) answer(steps);
}

void SinkSession::watch_silence(milliseconds limit) {
  silence_timer_ = scheduler_.after(limit, [this] { on_silence(); });
}

// The timer is not moved by each byte that comes or goes; when it fires it looks for how long it
// has been silent, and waits for the rest.
void SinkSession::on_silence() {
  const auto silent = ceil<milliseconds>(scheduler_.now() - last_active_);
  if (silent < timing_.time_limit) return watch_silence(timing_.time_limit - silent);
  if (!due_.empty()) return watch_silence(timing_.time_limit);  // it is we who are silent
  if (outstanding()) {
    ++tally_.timed_out;
    return finish();
  }
  Steps steps;
  dialogue_.time_out(steps);
  readable_.cancel();
  answer(steps);
}

void SinkSession::answer(Steps& steps) {
  auto when = scheduler_.now() + timing_.reply_delay;
  if (!due_.empty()) when = std::max(when, due_.back().when);
  for (Step& step : steps.all()) {
    when += step.wait;
    due_.push_back({when, std::move(step)});
  }
  release();
}

void SinkSession::release() {
  const auto now = scheduler_.now();
  while (!due_.empty() && due_.front().when <= now && !hang_up_) {
    Step step = std::move(due_.front().step);
    due_.pop_front();
    out_ += step.text;
    hang_up_ = step.hang_up;
    if (step.read_pause.count() > 0) {
      paused_ = true;
      pause_timer_ = scheduler_.after(step.read_pause, [this] {
        paused_ = false;
        flush();
      });
    }
  }
  if (!due_.empty() && !release_timer_.pending())
    release_timer_ =
        scheduler_.after(ceil<milliseconds>(due_.front().when - now), [this] { release(); });
  flush();
}

void SinkSession::flush() {
  while (out_sent_ < out_.size()) {
    const ssize_t sent = ::send(socket_.get(), out_.data() + out_sent_, out_.size() - out_sent_,
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && !would_block(errno)) return finish();
    if (sent < 0) break;
    out_sent_ += static_cast<std::size_t>(sent);
    tally_.bytes_sent += static_cast<std::size_t>(sent);
    last_active_ = scheduler_.now();
  }
  const bool all_out = out_sent_ == out_.size();
  if (all_out) {
    out_.clear();
    out_sent_ = 0;
    writable_.cancel();
    if (hang_up_) return finish();
  } else if (!writable_.pending()) {
    writable_ = scheduler_.writable(socket_.get(), [this] { flush(); });
  }

  const bool crowded = due_.size() > kMostQueuedSteps || out_.size() > kMostQueuedBytes;
  const bool want_input = !paused_ && !crowded && !dialogue_.over();
  if (!want_input)
    readable_.cancel();
  else if (!readable_.pending())
    watch_input();
  if (all_out && due_.empty()) host_.session_quiet(*this);
}

void SinkSession::finish() {
  // With unread input in the kernel, closing sends a reset, which can overtake our last reply.
  while (hang_up_ && ::recv(socket_.get(), read_buffer.data(), kReadSize, MSG_DONTWAIT) ==
                         static_cast<ssize_t>(kReadSize)) {
  }
  host_.session_ended(*this);
}

}  // namespace handoff::smtpstone
