#include "scache-driver/driver.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <utility>

#include "global/session_cache_clnt.h"
#include "global/session_cache_multi.h"
#include "global/session_cache_single.h"
#include "util/msg.h"
#include "util/result.h"

namespace handoff::scache_driver {

using global::SessionCache;
using util::UniqueFd;

namespace {

std::string joined(const Words& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace

struct Driver::Command {
  std::string_view name;
  std::function<bool(Driver&, const Statement&)> run;
  bool extension = false;
};

const std::vector<Driver::Command>& Driver::commands() {
  const auto line = [](bool (Driver::*run)(const Words&)) {
    return [run](Driver& driver, const Statement& statement) {
      return (driver.*run)(driver.expand(statement.words));
    };
  };
  static const std::vector<Command> all = {
      {"cache_type", line(&Driver::cache_type)},
      {"save_endp", line(&Driver::save_endpoint)},
      {"find_endp", line(&Driver::find_endpoint)},
      {"save_dest", line(&Driver::save_destination)},
      {"find_dest", line(&Driver::find_destination)},
      {"sleep", line(&Driver::sleep)},
      {"verbose", line(&Driver::verbose)},
      {"?", line(&Driver::help)},
      {"size", line(&Driver::size), true},
      {"seed", line(&Driver::seed), true},
      {"expect", line(&Driver::expect), true},
      {"quit", [](Driver&, const Statement&) { return false; }, true},
      {"repeat", [](Driver& driver, const Statement& all_of) { return driver.repeat(all_of); },
       true},
      {"clients", [](Driver& driver, const Statement& all_of) { return driver.clients(all_of); },
       true},
  };
  return all;
}

Driver::Driver(World world, Options options) : world_(std::move(world)), options_(options) {
  msg::set_verbose(options_.always_verbose ? 1 : 0);
}

Driver::~Driver() {
  destroy_cache();
}

// --- Running.

// Back ends talk while a command runs, and not in between.
bool Driver::run(const Statement& statement) {
  const int outside = msg::verbose();
  if (!options_.always_verbose) msg::set_verbose(verbose_);
  const bool goes_on = execute(statement);
  msg::set_verbose(options_.always_verbose ? 1 : outside);
  std::cout.flush();
  return goes_on;
}

bool Driver::execute(const Statement& statement) {
  for (const Command& command : commands()) {
    if (command.name == statement.words[0] && (options_.extensions || !command.extension))
      return command.run(*this, statement);
  }
  msg::error("bad command: {}", statement.words[0]);
  return true;
}

// With extensions, in every word but the first: "$n" is the round of the innermost repeat, "$c"
// the number of the client, "@K" a random number below K.
Words Driver::expand(const Words& words) {
  if (!options_.extensions) return words;
  Words expanded{words[0]};
  for (auto word = words.begin() + 1; word != words.end(); ++word) {
    std::string text;
    for (std::size_t i = 0; i < word->size(); ++i) {
      const char next = i + 1 < word->size() ? (*word)[i + 1] : '\0';
      if ((*word)[i] == '$' && next == 'n') {
        text += std::to_string(rounds_.empty() ? 0 : rounds_.back());
        ++i;
      } else if ((*word)[i] == '$' && next == 'c') {
        text += std::to_string(client_);
        ++i;
      } else if ((*word)[i] == '@' && next >= '1' && next <= '9') {
        const std::size_t digits = word->find_first_not_of("0123456789", i + 1);
        const auto below = static_cast<unsigned>(to_number(word->substr(i + 1)));
        text += std::to_string(random_() % below);
        i = (digits == std::string::npos ? word->size() : digits) - 1;
      } else {
        text += (*word)[i];
      }
    }
    expanded.push_back(text);
  }
  return expanded;
}

bool Driver::usage(const std::string& text) {
  msg::error("usage: {}", text);
  return true;
}

SessionCache* Driver::cache_or_complain() {
  if (!cache_) msg::error("no session cache");
  return cache_.get();
}

// --- The original's commands.

void Driver::destroy_cache() {
  cache_.reset();
  server_.reset();
}

bool Driver::cache_type(const Words& words) {
  const bool may_have_path = options_.extensions && words.size() == 3 && words[1] == "clnt";
  if (words.size() != 2 && !may_have_path) return usage(words[0] + " mode");
  if (clients_blocks_ > 0) {  // the others use the cache that would go
    msg::error("no cache_type among clients");
    return true;
  }
  destroy_cache();
  second_socket_ = options_.extensions && words[1] == "extension";
  clnt_ = second_socket_ || (options_.extensions && words[1] == "clnt");
  if (words[1] == "single") {
    cache_ = std::make_unique<global::SingleSessionCache>(world_.scheduler);
  } else if (words[1] == "multi") {
    cache_ = std::make_unique<global::MultiSessionCache>(world_.scheduler);
  } else if (clnt_) {
    clnt_path_ = may_have_path ? words[2] : "";
    if (!may_have_path) server_ = std::make_unique<LocalServer>(world_.scheduler);
    cache_ = client_of(clnt_path_);
  } else {
    msg::error("unknown cache type: {}", words[1]);
  }
  return true;
}

std::unique_ptr<SessionCache> Driver::client_of(const std::string& path) {
  global::ClientSessionCache::Options options{.service = path.empty() ? "driver" : path};
  if (path.empty()) {
    options.connect = [this] { return server_->connect(); };
    if (second_socket_) options.connect_second = [this] { return server_->connect_second(); };
    options.before_wait = [this] { world_.serve(); };
    options.now = [this] { return world_.scheduler.now(); };
  }
  return std::make_unique<global::ClientSessionCache>(std::move(options));
}

// The number matters where the cache itself keeps the descriptor, and shows it. A server has
// numbers of its own, which must not be overwritten.
UniqueFd Driver::copy_of_input(int number) const {
  const int fd = clnt_ ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : dup2(STDIN_FILENO, number);
  if (fd < 0) msg::fatal("dup2({}, {}): {}", STDIN_FILENO, number, util::errno_text(errno));
  return UniqueFd(fd);
}

bool Driver::save_endpoint(const Words& words) {
  const int ttl = words.size() == 5 ? to_number(words[1]) : 0;
  const int fd = words.size() == 5 ? to_number(words[4]) : 0;
  if (ttl <= 0 || fd <= 0) return usage("save_endp ttl endpoint endp_props fd");
  SessionCache* cache = cache_or_complain();
  if (cache == nullptr) return true;
  cache->save_endpoint(words[2], {words[3], copy_of_input(fd)}, std::chrono::seconds(ttl));
  return true;
}

bool Driver::find_endpoint(const Words& words) {
  if (words.size() != 2) return usage("find_endp endpoint");
  SessionCache* cache = cache_or_complain();
  if (cache == nullptr) return true;
  const auto found = cache->find_endpoint(words[1]);
  found_.reset();
  if (found) found_ = {found->property};
  return true;
}

bool Driver::save_destination(const Words& words) {
  const int ttl = words.size() == 5 ? to_number(words[1]) : 0;
  if (ttl <= 0) return usage("save_dest ttl destination dest_props endpoint");
  SessionCache* cache = cache_or_complain();
  if (cache == nullptr) return true;
  cache->save_destination(words[2], {.property = words[3], .endpoint = words[4]},
                          std::chrono::seconds(ttl));
  return true;
}

bool Driver::find_destination(const Words& words) {
  if (words.size() != 2) return usage("find_dest destination");
  SessionCache* cache = cache_or_complain();
  if (cache == nullptr) return true;
  const auto found = cache->find_destination(words[1]);
  found_.reset();
  if (found) found_ = {found->property, found->session.property};
  return true;
}

bool Driver::sleep(const Words& words) {
  const int seconds = words.size() == 2 ? to_number(words[1]) : 0;
  if (seconds <= 0) return usage(words[0] + " time");
  world_.sleep(std::chrono::seconds(seconds));
  return true;
}

bool Driver::verbose(const Words& words) {
  const int level = words.size() == 2 ? to_number(words[1]) : -1;
  if (level < 0) return usage("verbose level");
  verbose_ = level;
  return true;
}

bool Driver::help(const Words&) {
  std::cout << "commands:";
  for (const Command& command : commands()) {
    if (!command.extension) std::cout << ' ' << command.name;
  }
  if (options_.extensions) {
    for (const Command& command : commands()) {
      if (command.extension) std::cout << ' ' << command.name;
    }
  }
  std::cout << '\n';
  return true;
}

// --- Extensions.

bool Driver::size(const Words& words) {
  if (words.size() != 1) return usage("size");
  if (cache_or_complain() == nullptr) return true;
  const SessionCache::Size size = server_ ? server_->size() : cache_->size();
  std::cout << fmt::format("size: destinations={} endpoints={} sessions={}\n", size.destinations,
                           size.endpoints, size.sessions);
  return true;
}

bool Driver::seed(const Words& words) {
  if (words.size() != 2) return usage("seed number");
  random_.seed(static_cast<unsigned>(to_number(words[1])));
  return true;
}

// "expect miss", "expect hit PROPERTIES": of the last look-up.
bool Driver::expect(const Words& words) {
  const bool hit = words.size() > 1 && words[1] == "hit";
  if (words.size() < 2 || (!hit && (words[1] != "miss" || words.size() > 2)))
    return usage("expect miss | hit property ...");
  const Words properties(words.begin() + 2, words.end());
  const bool as_expected = hit ? found_ == properties : !found_;
  if (as_expected) return true;
  disappointed_ = true;
  std::cout << fmt::format("expected {}, got {}\n", joined({words.begin() + 1, words.end()}),
                           found_ ? "hit " + joined(*found_) : "miss");
  return true;
}

bool Driver::repeat(const Statement& statement) {
  if (statement.words.size() != 2) return usage("repeat times {");
  const int times = to_number(expand(statement.words)[1]);
  bool goes_on = true;
  rounds_.push_back(0);
  for (int round = 0; round < times && goes_on; ++round) {
    rounds_.back() = round;
    for (const Statement& inner : statement.block) goes_on = goes_on && execute(inner);
  }
  rounds_.pop_back();
  return goes_on;
}

// Each line is done by every client before anybody goes on to the next line. Each has look-ups of
// its own, and where there is a server a connection of its own.
bool Driver::clients(const Statement& statement) {
  if (statement.words.size() != 2) return usage("clients number {");
  if (cache_or_complain() == nullptr) return true;
  const auto number = static_cast<std::size_t>(std::max(to_number(expand(statement.words)[1]), 0));
  std::vector<std::optional<Words>> found(number);
  std::vector<std::unique_ptr<SessionCache>> caches(clnt_ ? number : 0);
  for (auto& cache : caches) cache = client_of(clnt_path_);
  ++clients_blocks_;
  bool goes_on = true;
  for (const Statement& inner : statement.block) {
    for (std::size_t i = 0; i < number && goes_on; ++i) {
      client_ = static_cast<int>(i);
      std::swap(found_, found[i]);
      if (clnt_) std::swap(cache_, caches[i]);
      goes_on = execute(inner);
      if (clnt_) std::swap(cache_, caches[i]);
      std::swap(found_, found[i]);
    }
  }
  --clients_blocks_;
  client_ = 0;
  return goes_on;
}

}  // namespace handoff::scache_driver
