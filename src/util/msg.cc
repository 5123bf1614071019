#include "util/msg.h"

#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <vector>

#include "util/log_text.h"

namespace handoff::util::msg {
namespace {

constexpr int kErrorLimit = 13;
constexpr unsigned kBrakeSeconds = 1;

struct State {
  std::string tag = "unknown";
  std::vector<std::unique_ptr<Sink>> sinks;
  std::function<void()> fatal_hook;
  int verbose = 0;
  int errors = 0;
  int silences = 0;
  int fatal_status = 1;
};

// The log outlives every other object: destructors log, too.
State& state() {
  static State& the_state = *new State;
  return the_state;
}

void write(Level level, std::string_view text) {
  if (state().silences > 0 && level < Level::Fatal) return;
  if (state().sinks.empty()) {
    static const std::unique_ptr<Sink> last_resort = stderr_sink(false);
    last_resort->write(level, state().tag, text);
    return;
  }
  for (const auto& sink : state().sinks) sink->write(level, state().tag, text);
}

void end_of_process(Level level, fmt::string_view format, fmt::format_args args) {
  static bool ending = false;
  log(level, format, args);
  if (std::exchange(ending, true)) _exit(1);  // the hook itself failed
  if (state().fatal_hook) state().fatal_hook();
  sleep(kBrakeSeconds);
}

}  // namespace

std::string_view label(Level level) {
  switch (level) {
    case Level::Info:
      return "";
    case Level::Warning:
      return "warning: ";
    case Level::Error:
      return "error: ";
    case Level::Fatal:
      return "fatal: ";
    case Level::Panic:
      return "panic: ";
  }
  return "";
}

int syslog_priority(Level level) {
  switch (level) {
    case Level::Info:
      return LOG_INFO;
    case Level::Warning:
      return LOG_WARNING;
    case Level::Error:
      return LOG_ERR;
    case Level::Fatal:
    case Level::Panic:
      return LOG_CRIT;
  }
  return LOG_INFO;
}

void set_tag(std::string tag) {
  state().tag = std::move(tag);
}
const std::string& tag() {
  return state().tag;
}
void clear_sinks() {
  state().sinks.clear();
}
void add_sink(std::unique_ptr<Sink> sink) {
  static const int registered = std::atexit(flush);
  (void)registered;  // without it, lines that wait are lost
  state().sinks.push_back(std::move(sink));
}
bool has_waiting() {
  return std::ranges::any_of(state().sinks, [](const auto& sink) { return sink->has_waiting(); });
}
void offer_waiting() {
  for (const auto& sink : state().sinks) sink->offer();
}
void flush() {
  for (const auto& sink : state().sinks) sink->flush();
}
std::uint64_t lost() {
  std::uint64_t count = 0;
  for (const auto& sink : state().sinks) count += sink->lost();
  return count;
}
void set_verbose(int level) {
  state().verbose = level;
}
int verbose() {
  return state().verbose;
}
void set_fatal_status(int status) {
  state().fatal_status = status;
}
void set_fatal_hook(std::function<void()> hook) {
  state().fatal_hook = std::move(hook);
}

std::string format_record(Level level, std::string_view hostname, std::string_view tag,
                          std::string_view text) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  char stamp[32];
  localtime_r(&now, &local);
  const std::size_t length = std::strftime(stamp, sizeof stamp, "%b %d %H:%M:%S", &local);
  return fmt::format("{} {} {}[{}]: {}{}", std::string_view(stamp, length), hostname, tag, getpid(),
                     label(level), text);
}

void log(Level level, fmt::string_view format, fmt::format_args args) {
  const int saved = errno;
  write(level, log_text(fmt::vformat(format, args)));
  errno = saved;
}

void log_error(fmt::string_view format, fmt::format_args args) {
  log(Level::Error, format, args);
  if (++state().errors >= kErrorLimit) fatal("too many errors - program terminated");
}

Silence::Silence() {
  ++state().silences;
}
Silence::~Silence() {
  --state().silences;
}

void forgive_errors() {
  state().errors = 0;
}

void die(fmt::string_view format, fmt::format_args args) {
  end_of_process(Level::Fatal, format, args);
  std::exit(state().fatal_status);
}

void die_of_bug(fmt::string_view format, fmt::format_args args) {
  end_of_process(Level::Panic, format, args);
  std::abort();
}

}  // namespace handoff::util::msg
