#include "master/daemon_check.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "global/mail_log.h"
#include "global/mail_owner.h"
#include "global/params.h"
#include "global/word_values.h"
#include "master/spawn.h"
#include "service/options.h"
#include "service/programs.h"
#include "util/base_name.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::master {
namespace {

using util::Error;
using util::Result;
using util::Status;

// One way to start a program: several entries may have it in common.
struct Start {
  std::string program;
  std::vector<std::string> overrides;
  auto operator<=>(const Start&) const = default;
};

std::set<std::string, std::less<>> readers() {
  std::set<std::string, std::less<>> programs;
  for (const global::ParamSpec& spec : global::all_params()) {
    for (const auto word : util::split(spec.readers, ",")) programs.emplace(word);
  }
  return programs;
}

// The command line that master gives it, with the daemon's eyes.
Result<service::Options> parse_arguments(const PlannedService& planned,
                                         service::OptionRules rules) {
  auto arguments = child_arguments(planned.entry, planned.endpoint, {}, false);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  return service::parse_options({argv.data(), arguments.size()}, rules);
}

// Without the command, master cannot even start it.
Status check_command(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return Error::system(path, errno);
  if (!S_ISREG(found.st_mode)) return Error::syntax(path + ": not a regular file");
  if (access(path.c_str(), X_OK) != 0) return Error::system(path, errno);
  return {};
}

Status check_daemon_directory(const Setup& setup) {
  const std::string& directory = setup.params.daemon_directory;
  if (access(directory.c_str(), X_OK) == 0) return {};
  const int code = errno;
  setup.config.explain("daemon_directory", directory, "must be the directory of the daemons");
  return Error::system("daemon_directory " + directory, code);
}

Status try_start(const global::Config& config, const Start& start) {
  global::Config copy = config;
  copy.set("process_name", start.program);
  for (const std::string& assignment : start.overrides) {
    if (auto done = copy.override_with(assignment); !done) return done;
  }
  auto params = global::try_load_params(copy, start.program);
  if (!params) return std::move(params).error();
  auto owner = global::try_check_installation(copy, *params);
  if (!owner) return std::move(owner).error();
  if (auto checked = global::check_log(copy, *params); !checked) return checked;
  return global::check_words(copy, *params, start.program);
}

struct Mistake {
  std::string what;
  std::string place;              // of the entry, when it is not main.cf's
  std::function<Status()> again;  // fails again, with an explanation in the log; or nothing
};

// "slow_destination_concurrency_limit" means for the transport "slow" what
// "default_destination_concurrency_limit" means for all: what the queue manager reads, whatever
// transports there are.
Status try_read_like(const global::Config& config, const std::string& name,
                     const global::ParamSpec& spec) {
  const global::Bounds bounds{spec.min, spec.max};
  if (spec.kind == global::ParamSpec::Kind::Int) {
    const auto read = global::try_read_int(config, name, 0, bounds);
    return read ? Status() : read.error();
  }
  if (spec.kind == global::ParamSpec::Kind::Time) {
    const auto read = global::try_read_time(config, name, {}, bounds);
    return read ? Status() : read.error();
  }
  return {};
}

class DaemonCheck {
 public:
  explicit DaemonCheck(const Setup& setup) : setup_(setup) {}

  std::vector<Mistake> mistakes();

 private:
  void check(const PlannedService& planned);
  void check_program(const PlannedService& planned, const std::string& program);
  void add(const Status& outcome, const PlannedService& planned);
  void check_transport(const std::string& transport);
  std::string place_of(const PlannedService& planned) const {
    return fmt::format("{}/master.cf: line {}: ", setup_.config.directory(), planned.entry.line);
  }

  const Setup& setup_;
  const std::set<std::string, std::less<>> programs_ = readers();
  std::set<Start> seen_;
  std::vector<Mistake> found_;
};

std::vector<Mistake> DaemonCheck::mistakes() {
  const msg::Silence silence;
  const auto look = [this] { return check_daemon_directory(setup_); };
  if (const Status usable = look(); !usable) {
    found_.push_back({usable.error().what, "", look});
    return std::move(found_);
  }
  for (const PlannedService& planned : setup_.services) {
    check(planned);
    if (planned.entry.type == ServiceType::Unix) check_transport(planned.entry.name);
  }
  return std::move(found_);
}

void DaemonCheck::add(const Status& outcome, const PlannedService& planned) {
  if (!outcome) found_.push_back({outcome.error().what, place_of(planned), {}});
}

void DaemonCheck::check(const PlannedService& planned) {
  const std::string& command = planned.entry.command;
  add(check_command(setup_.params.daemon_directory + "/" + command), planned);
  const std::string program(util::base_name(command));
  if (programs_.contains(program)) check_program(planned, program);
}

void DaemonCheck::check_program(const PlannedService& planned, const std::string& program) {
  const service::Program* known = service::find_program(program);
  auto options = parse_arguments(
      planned, known != nullptr ? known->skeleton.options : service::OptionRules{.retires = true});
  if (!options) return add(options.error(), planned);
  if (known != nullptr) {
    add(service::suits(*options, planned.entry.name, known->skeleton, known->needs), planned);
  }
  const Start plain{program, {}};
  const Start start{program, std::move(options->overrides)};
  if (!seen_.insert(start).second) return;
  const Status started = try_start(setup_.config, start);
  if (started) return;
  const bool only_here = !start.overrides.empty() && try_start(setup_.config, plain);
  found_.push_back({started.error().what, only_here ? place_of(planned) : "",
                    [this, start] { return try_start(setup_.config, start); }});
}

void DaemonCheck::check_transport(const std::string& transport) {
  const global::Config& config = setup_.config;
  const auto& settings = config.settings();
  const std::string prefix = transport + "_";
  for (auto each = settings.lower_bound(prefix);
       each != settings.end() && each->first.starts_with(prefix); ++each) {
    const std::string& name = each->first;
    const auto* spec = global::find_param("default" + name.substr(transport.size()));
    if (spec == nullptr || global::find_param(name) != nullptr) continue;
    const auto read = [&config, &name, spec] { return try_read_like(config, name, *spec); };
    if (const Status done = read(); !done) found_.push_back({done.error().what, "", read});
  }
}

}  // namespace

Status check_daemons(const Setup& setup, const Setup& running) {
  DaemonCheck check(setup);
  const auto mistakes = check.mistakes();
  if (mistakes.empty()) return {};
  const auto known = DaemonCheck(running).mistakes();
  for (const Mistake& mistake : mistakes) {
    const auto same = [&](const Mistake& other) { return other.what == mistake.what; };
    if (std::any_of(known.begin(), known.end(), same)) continue;
    if (mistake.again) (void)mistake.again();
    return Error::syntax(mistake.place + mistake.what);
  }
  return {};
}

}  // namespace handoff::master
