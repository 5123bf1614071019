// quiet_sink.h - the log of a fuzzer: millions of warnings go nowhere, the end of the process does
// not.
#pragma once

#include "util/msg.h"

namespace handoff::fuzz {

class QuietSink : public msg::Sink {
 public:
  void write(msg::Level level, std::string_view tag, std::string_view text) noexcept override {
    if (level >= msg::Level::Fatal) last_words_->write(level, tag, text);
  }

 private:
  std::unique_ptr<msg::Sink> last_words_ = msg::stderr_sink(false);
};

}  // namespace handoff::fuzz
