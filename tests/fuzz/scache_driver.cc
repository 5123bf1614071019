// scache_driver.cc - whatever a script says, the cache driver does it, or says what is wrong.
//
// The input is a script with all extensions, on a manual clock. What a script may well do, but
// not to the process of a fuzzer, is toned down: the descriptors that it overwrites, the number of
// repetitions, and connections to servers outside. (The end after 13 errors is put off, too.)
#include <cstdint>
#include <iostream>
#include <memory>
#include <sstream>
#include <streambuf>
#include <string>

#include "quiet_sink.h"
#include "scache-driver/driver.h"
#include "scache-driver/script.h"
#include "util/manual_scheduler.h"
#include "util/msg.h"

namespace {

using namespace handoff;
using namespace std::chrono_literals;
using scache_driver::Driver;
using scache_driver::Script;
using scache_driver::Statement;

constexpr int kFirstDescriptor = 900;
constexpr int kDescriptors = 16;
constexpr int kMostRepetitions = 4;
constexpr int kDeepest = 3;

class Nowhere final : public std::streambuf {
 protected:
  int overflow(int character) override { return traits_type::not_eof(character); }
  std::streamsize xsputn(const char*, std::streamsize count) override { return count; }
};

class LenientSink final : public fuzz::QuietSink {
 public:
  void write(msg::Level level, std::string_view tag, std::string_view text) noexcept override {
    if (level == msg::Level::Error) msg::forgive_errors();
    QuietSink::write(level, tag, text);
  }
};

// False when it is not to be done at all.
bool tone_down(Statement& statement, int depth) {
  auto& words = statement.words;
  if (words[0] == "save_endp" && words.size() == 5) {
    const int number = scache_driver::to_number(words[4]);
    const bool random = words[4].find_first_of("@$") != std::string::npos;
    if (random || number > 0) words[4] = std::to_string(kFirstDescriptor + number % kDescriptors);
  }
  if (words[0] == "cache_type" && words.size() == 3) return false;
  if ((words[0] == "repeat" || words[0] == "clients") && words.size() == 2)
    words[1] = std::to_string(scache_driver::to_number(words[1]) % kMostRepetitions);
  if (depth == kDeepest) statement.block.clear();
  std::erase_if(statement.block, [&](Statement& inner) { return !tone_down(inner, depth + 1); });
  return true;
}

void run(const std::string& text) {
  util::ManualScheduler clock;
  std::istringstream input(text);
  Script script(input, Script::Show::Echo, true);
  Driver driver({.scheduler = clock,
                 .sleep = [&](std::chrono::seconds time) { clock.advance(time); },
                 .serve = [&] { clock.ready(); }},
                {.always_verbose = false, .extensions = true});
  while (auto statement = script.next()) {
    if (tone_down(*statement, 0) && !driver.run(*statement)) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  static Nowhere nowhere;
  std::cout.rdbuf(&nowhere);
  msg::add_sink(std::make_unique<LenientSink>());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run({reinterpret_cast<const char*>(data), size});
  return 0;
}
