// session_cache_speed.cc - the cache of scache(8) alone, in one process, without system calls.
//
//   session_cache_speed ENTRIES CYCLES
//
// Fills it with ENTRIES sessions, with one destination each, and measures CYCLES of find_dest,
// save_dest and save_endp for destinations at random, fresh and after 2 * ENTRIES of them; prints
// the best of three runs as a line of JSON. The sessions are numbers that are no descriptors: the
// cache does not touch one that it is not told to watch. Making up the names is part of the time,
// since a table of them would be larger than the cache itself and push it out of the caches.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "global/session_cache_multi.h"
#include "util/event_loop.h"
#include "util/msg.h"

namespace {

using namespace handoff;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kTimeToLive = 3600s;
constexpr std::size_t kRuns = 3;
// No process has that many.
constexpr int kFirstStandIn = 1 << 30;

// "smtp\ndomain0000042.example\n", again and again in the same place.
class Name {
 public:
  // The zeros in the pattern make room for the number.
  explicit Name(std::string pattern) : text_(std::move(pattern)), digits_(text_.find('0')) {}
  std::string_view operator()(std::size_t number) {
    for (std::size_t i = digits_ + kDigits; i-- > digits_; number /= 10)
      text_[i] = static_cast<char>('0' + number % 10);
    return text_;
  }

 private:
  static constexpr std::size_t kDigits = 7;
  std::string text_;
  std::size_t digits_;
};

class Bench {
 public:
  explicit Bench(std::size_t entries) : entries_(entries), any_(0, entries - 1) {}
  // The stand-ins are not to be closed.
  ~Bench() {
    for (std::size_t i = 0; i < entries_; ++i) (void)take(i).release();
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void fill() {
    for (std::size_t i = 0; i < entries_; ++i)
      save(i, util::UniqueFd(kFirstStandIn + static_cast<int>(i)));
  }
  double nanoseconds_per_cycle(std::size_t cycles) {
    const auto begun = Clock::now();
    for (std::size_t i = 0; i < cycles; ++i) {
      const std::size_t number = any_(dice_);
      save(number, take(number));
    }
    return std::chrono::duration<double, std::nano>(Clock::now() - begun).count() /
           static_cast<double>(cycles);
  }
  double best_of_runs(std::size_t cycles) {
    double best = nanoseconds_per_cycle(cycles);
    for (std::size_t i = 1; i < kRuns; ++i) best = std::min(best, nanoseconds_per_cycle(cycles));
    return best;
  }
  std::size_t text_per_entry() {
    return destination_(0).size() + kDestinationProperty.size() + endpoint_(0).size() +
           endpoint_property_(0).size();
  }

 private:
  static constexpr std::string_view kDestinationProperty = "features=1\n";

  util::UniqueFd take(std::size_t number) {
    auto found = cache_.find_destination(destination_(number));
    if (!found) msg::panic("entry {} is not in the cache", number);
    return std::move(found->session.connection);
  }
  void save(std::size_t number, util::UniqueFd session) {
    const std::string_view endpoint = endpoint_(number);
    cache_.save_destination(destination_(number),
                            {.property = kDestinationProperty, .endpoint = endpoint}, kTimeToLive);
    global::Session saved;
    saved.property = endpoint_property_(number);
    saved.connection = std::move(session);
    cache_.save_endpoint(endpoint, std::move(saved), kTimeToLive);
  }

  util::EventLoop loop_;
  global::MultiSessionCache cache_{loop_};
  std::size_t entries_;
  Name destination_{"smtp\ndomain0000000.example\n"};
  Name endpoint_{"smtp\nhost0000000\n25\n0\n"};
  Name endpoint_property_{"host=mx.domain0000000.example\nreuse=1\n"};
  std::mt19937 dice_;
  std::uniform_int_distribution<std::size_t> any_;
};

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t entries = argc == 3 ? std::strtoul(argv[1], nullptr, 10) : 0;
  const std::size_t cycles = argc == 3 ? std::strtoul(argv[2], nullptr, 10) : 0;
  if (entries == 0 || cycles == 0) msg::fatal("usage: session_cache_speed ENTRIES CYCLES");

  Bench bench(entries);
  const std::size_t before = resident_bytes();
  bench.fill();
  const auto memory = static_cast<double>(resident_bytes() - before);
  const double fresh = bench.best_of_runs(cycles);
  (void)bench.nanoseconds_per_cycle(2 * entries);
  const double aged = bench.best_of_runs(cycles);
  std::printf("{\"fresh\": %.0f, \"aged\": %.0f, \"memory\": %.1f, \"text\": %zu}\n", fresh, aged,
              memory / static_cast<double>(entries), bench.text_per_entry());
}
