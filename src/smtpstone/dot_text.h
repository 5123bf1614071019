// dot_text.h - the text that follows DATA, without its transparency (RFC 5321, 4.5.2).
//
// Takes the bytes in pieces of any size and gives them out again in runs, with the dot at the
// beginning of a line taken away, until the line that is only a dot. Lines end in CRLF; a bare LF
// or CR is an ordinary byte (2.3.8), so a message cannot end where its sender did not mean it to.
#pragma once

#include <cstddef>
#include <string_view>

namespace handoff::smtpstone {

class DotText {
 public:
  // Calls `emit(std::string_view)` for each run; how many bytes of `bytes` were taken. Those after
  // the end of the text are left to the caller.
  template <typename Emit>
  std::size_t decode(std::string_view bytes, Emit&& emit);

  [[nodiscard]] bool ended() const { return at_ == At::End; }

 private:
  enum class At { LineStart, Dot, DotCr, Line, LineCr, End };

  At at_ = At::LineStart;
};

template <typename Emit>
std::size_t DotText::decode(std::string_view bytes, Emit&& emit) {
  std::size_t i = 0;
  std::size_t run = 0;  // where the run begins that is not yet given out
  const auto give = [&](std::size_t end) {
    if (end > run) emit(bytes.substr(run, end - run));
  };
  while (i < bytes.size() && at_ != At::End) {
    switch (at_) {
      case At::LineStart:
        if (bytes[i] != '.') {
          at_ = At::Line;
          break;
        }
        give(i);
        run = ++i;
        at_ = At::Dot;
        break;
      case At::Dot:
        at_ = bytes[i] == '\r' ? At::DotCr : At::Line;
        if (at_ == At::DotCr) run = ++i;
        break;
      case At::DotCr:
        if (bytes[i] == '\n') {
          run = ++i;
          at_ = At::End;
        } else {  // ".\r" did not end the text after all: only the dot was transparency
          emit(std::string_view("\r"));
          at_ = At::LineCr;
        }
        break;
      case At::Line: {
        const std::size_t cr = bytes.find('\r', i);
        i = cr == std::string_view::npos ? bytes.size() : cr + 1;
        if (cr != std::string_view::npos) at_ = At::LineCr;
        break;
      }
      case At::LineCr:
        at_ = bytes[i] == '\n' ? At::LineStart : At::Line;
        if (at_ == At::LineStart) ++i;
        break;
      case At::End:
        break;
    }
  }
  give(i);
  return i;
}

}  // namespace handoff::smtpstone
