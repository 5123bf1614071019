// process.h - what a daemon asks of its entry in master.cf, and what it gets to know.
//
// Every skeleton takes the same three things: the Needs, which are checked before anything else
// happens; a function that makes the application once main.cf has been read, which is where it
// looks at its parameters; and an application with the hooks below.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::global {
class Config;
struct Params;
}  // namespace handoff::global

namespace handoff::service {

struct Needs {
  enum class Processes { Any, One, Unlimited };

  Processes processes = Processes::Any;  // the process limit that master.cf must give
  bool privileges = false;               // must not run as mail_owner
  bool arguments = false;                // takes arguments after the options
  bool max_use = true;                   // ends after so many clients
  bool max_idle = true;                  // ends when nobody comes for so long
  bool retires = false;  // single, event: ends after a time (-r, or max_idle * max_use)
};

// Why a process ends. All of them exit with status 0.
enum class Leaving {
  MasterGone,  // reload, or the end of master: finish what was promised, then go
  Idle,
  UsedUp,   // max_use
  Retired,  // has lived for long enough
  Stale,    // see Application::stale()
  Done,     // stand-alone: the client has gone
  Stopped,  // SIGTERM, where the application watches for it
};

// The process that the application lives in; outlives it.
class Process {
 public:
  Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  virtual ~Process() = default;

  [[nodiscard]] virtual const global::Config& config() const = 0;
  [[nodiscard]] virtual const global::Params& params() const = 0;
  // As in the first column of master.cf: what the log and $service_name call this service.
  [[nodiscard]] virtual const std::string& name() const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& arguments() const = 0;
  // A request, or a turn of the event loop, that takes longer ends the process.
  virtual void set_watchdog(std::chrono::seconds limit) = 0;
};

class Application {
 public:
  Application() = default;
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;
  virtual ~Application() = default;

  // In the queue directory, with the privileges that master gave: for everything that cannot be
  // reached, or not be opened, later.
  virtual void pre_jail() {}
  // After privileges were dropped: for what must not be done with them.
  virtual void post_jail() {}
  // Before each accept. Not empty: why this process should make room for a new one ("table
  // hash:/etc/x has changed"), which will find the client waiting.
  virtual std::string stale() { return {}; }
  // Last words, statistics for example. Not called when the process is killed.
  virtual void on_exit(Leaving /*why*/) {}
};

}  // namespace handoff::service
