// quiet_start.h - how a fuzzer starts that needs nothing but a quiet log; include it once.
#pragma once

#include <memory>

#include "quiet_sink.h"
#include "util/msg.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  handoff::msg::add_sink(std::make_unique<handoff::fuzz::QuietSink>());
  return 0;
}
