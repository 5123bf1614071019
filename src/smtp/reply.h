// reply.h - a mail server's reply, collected line by line (RFC 5321, 4.2; RFC 2034).
//
// Real servers say all kinds of things: only the code of the last line counts, and a line that is
// no reply at all is noted and skipped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace handoff::smtp {

struct Reply {
  int code = 0;
  std::string dsn;   // enhanced status of the class of `code`, or "C.0.0", or 5.5.0 for nonsense
  std::string text;  // all lines with their codes, joined by newlines

  [[nodiscard]] bool is_class(int digit) const { return code / 100 == digit; }
  // The text for the log and for reports.
  [[nodiscard]] std::string one_line() const;
};

class ReplyCollector {
 public:
  enum class Progress {
    More,      // the reply continues
    Complete,  // take() gives it
    Garbage,   // that line was no part of a reply; it continues nevertheless
    Endless,   // more lines than anybody needs: give this server up
  };

  // `line` has no line terminator and no unprintable characters.
  Progress add_line(std::string_view line);
  // What has been collected; starts over.
  Reply take();
  // Text was dropped because the reply is too long; true only once.
  bool overflowed();

 private:
  void append(std::string_view line);

  Reply reply_;
  std::size_t lines_ = 0;
  bool full_ = false;
  bool overflow_reported_ = false;
};

// The most that is kept of one line and of all lines of a reply (line_length_limit).
inline constexpr std::size_t kReplyLimit = 2048;
inline constexpr std::size_t kMaxReplyLines = 10'000;

}  // namespace handoff::smtp
