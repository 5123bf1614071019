// driver.h - does what the script says to a session cache.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "global/session_cache.h"
#include "scache-driver/local_server.h"
#include "scache-driver/script.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::scache_driver {

// The time that scripts live in: the machine's, or one that is moved by "sleep" alone.
struct World {
  util::Scheduler& scheduler;
  std::function<void(std::chrono::seconds)> sleep;
  std::function<void()> serve;  // lets a server in this process do what is to be done
};

class Driver {
 public:
  struct Options {
    bool always_verbose = false;  // the lines of the back end, whatever "verbose" says
    bool extensions = false;
  };

  Driver(World world, Options options);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // False when the script wants to end.
  bool run(const Statement& statement);
  // Did any "expect" find something else?
  [[nodiscard]] bool disappointed() const { return disappointed_; }

 private:
  struct Command;
  static const std::vector<Command>& commands();

  bool execute(const Statement& statement);
  [[nodiscard]] Words expand(const Words& words);
  bool usage(const std::string& text);
  global::SessionCache* cache_or_complain();

  bool cache_type(const Words& words);
  bool save_endpoint(const Words& words);
  bool find_endpoint(const Words& words);
  bool save_destination(const Words& words);
  bool find_destination(const Words& words);
  bool sleep(const Words& words);
  bool verbose(const Words& words);
  bool help(const Words& words);
  bool size(const Words& words);
  bool seed(const Words& words);
  bool expect(const Words& words);
  bool repeat(const Statement& statement);
  bool clients(const Statement& statement);

  [[nodiscard]] util::UniqueFd copy_of_input(int number) const;
  void destroy_cache();
  std::unique_ptr<global::SessionCache> client_of(const std::string& path);

  const World world_;
  const Options options_;
  int verbose_ = 3;
  bool disappointed_ = false;

  std::unique_ptr<LocalServer> server_;  // behind "cache_type clnt", unless that is another process
  std::unique_ptr<global::SessionCache> cache_;
  std::string clnt_path_;
  bool clnt_ = false;
  bool second_socket_ = false;  // clients speak on that of the server in this process

  std::optional<Words> found_;  // by the last look-up: the properties of a hit
  std::mt19937 random_{1};
  std::vector<int> rounds_;  // of the "repeat" blocks that are running
  int client_ = 0;           // in a "clients" block
  int clients_blocks_ = 0;   // that are running, one within the other
};

}  // namespace handoff::scache_driver
