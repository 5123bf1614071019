#include "smtp/conversation.h"

#include <algorithm>
#include <thread>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::smtp {

namespace {

constexpr std::size_t kShown = 100;  // characters of a line with -v

Silence silence_of(const util::Error& error) {
  return error.kind == util::Error::Kind::Timeout ? Silence::Timeout : Silence::Closed;
}

}  // namespace

Conversation::Conversation(util::Stream& stream, const Server& server, const global::Params& params)
    : stream_(stream), server_(server), params_(params) {}

void Conversation::run(Dialogue& dialogue, const Settle& settle) {
  while (dialogue.next() == Dialogue::Step::ReadReply) {
    send_output(dialogue);
    read_reply(dialogue);
    settle(dialogue.take_outcomes());
  }
  send_output(dialogue);
  // The last words need not arrive.
  (void)stream_.flush();
  settle(dialogue.take_outcomes());
}

void Conversation::run(Transaction& transaction, BodySource& body, const Settle& settle) {
  while (true) {
    const Dialogue::Step step = transaction.next();
    if (step == Dialogue::Step::Finished) break;
    send_output(transaction);
    if (step == Dialogue::Step::SendBody)
      send_body(transaction, body);
    else
      read_reply(transaction);
    settle(transaction.take_outcomes());
  }
  run(static_cast<Dialogue&>(transaction), settle);
}

void Conversation::send_output(Dialogue& dialogue) {
  const std::string output = dialogue.take_output();
  if (output.empty()) return;
  if (msg::verbose() > 0)
    for (std::string_view line : util::split(output, "\r\n"))
      msg::info("> {}: {}", server_.name_and_port(), line.substr(0, kShown));
  // A failure shows when the reply is read.
  (void)stream_.write(output);
}

// --- Replies.

void Conversation::read_reply(Dialogue& dialogue) {
  start_clock(dialogue.limit());
  bool complete = false;
  while (!complete) {
    auto line = read_line();
    if (!line) return dialogue.on_silence(silence_of(line.error()));
    if (msg::verbose() > 0)
      msg::info("< {}: {}", server_.name_and_port(), std::string_view(*line).substr(0, kShown));
    complete = dialogue.on_line(*line);
  }
}

// What a line has beyond the limit is of no interest, and is not kept.
util::Result<std::string> Conversation::read_line() {
  std::string line;
  bool too_long = false;
  while (true) {
    if (!set_limit()) return util::Error::timeout("read " + stream_.name());
    auto bytes = stream_.peek();
    if (!bytes) return std::move(bytes).error();
    const std::size_t end = bytes->find('\n');
    const std::string_view piece = bytes->substr(0, end);
    const std::size_t room = kReplyLimit - line.size();
    line += piece.substr(0, room);
    if (piece.size() > room && !std::exchange(too_long, true))
      msg::warn("{}: response longer than {}: {}...", server_.name_and_port(), kReplyLimit,
                util::printable(std::string_view(line).substr(0, 30)));
    stream_.consume(end == std::string_view::npos ? bytes->size() : end + 1);
    if (end != std::string_view::npos) break;
  }
  while (line.ends_with('\r')) line.pop_back();
  return util::printable(line, '?', params_.smtputf8_enable);
}

// --- The text.

void Conversation::send_body(Transaction& transaction, BodySource& body) {
  start_clock(params_.smtp_data_xfer_timeout);
  while (true) {
    auto piece = body.next();
    if (!piece) {
      stream_.discard_output();
      return transaction.on_body_unreadable(
          global::Dsn::simple("5.3.0", "unreadable mail queue entry"));
    }
    if (piece->empty()) break;
    if (util::Status written = write_body(*piece); !written) {
      const Silence why = silence_of(written.error());
      if (why == Silence::Closed) hang_up_but_listen();
      return transaction.on_body_interrupted(why);
    }
  }
  if (body.pause_before_dot().count() > 0) {
    (void)stream_.flush();
    std::this_thread::sleep_for(body.pause_before_dot());
  }
  transaction.on_body_sent();
}

util::Status Conversation::write_body(std::string_view bytes) {
  if (!set_limit()) return util::Error::timeout("write " + stream_.name());
  util::Status written = stream_.write(bytes);
  if (written && params_.smtp_per_request_deadline) {
    // Who takes what is sent fast enough gets more time.
    const std::chrono::milliseconds earned(static_cast<std::int64_t>(bytes.size()) * 1000 /
                                           params_.smtp_min_data_rate);
    deadline_ = std::min(deadline_ + earned, Clock::now() + limit_);
  }
  return written;
}

// The stream refuses to read after a failed write; what the server has said before it closed the
// connection is still there.
void Conversation::hang_up_but_listen() {
  std::string name = stream_.name();
  stream_ = util::Stream(stream_.release(), std::move(name), std::chrono::milliseconds(limit_));
}

// --- Time limits.

void Conversation::start_clock(std::chrono::seconds limit) {
  limit_ = limit;
  if (params_.smtp_per_request_deadline) deadline_ = Clock::now() + limit;
}

bool Conversation::set_limit() {
  if (!params_.smtp_per_request_deadline) {
    stream_.set_limit(limit_);
    return true;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
  if (left.count() <= 0) return false;
  stream_.set_limit(left);
  return true;
}

}  // namespace handoff::smtp
