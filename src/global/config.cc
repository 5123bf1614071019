#include "global/config.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "global/config_defaults.h"
#include "global/config_expand.h"
#include "global/main_cf_snapshot.h"
#include "global/main_cf_text.h"
#include "global/master_proto.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/set_id.h"
#include "util/text.h"
#include "util/text_file.h"

namespace handoff::global {
namespace {

using util::Error;
using util::Result;
using util::Status;

bool lists(const Config& config, std::string_view parameter, std::string_view directory) {
  const Result<std::string> value = config.value(parameter);
  return value && std::ranges::count(util::split(*value, ", \t\r\n"), directory) > 0;
}

// A set-gid command does for an ordinary user only what the default main.cf allows.
Status authorize(const std::string& directory) {
  if (!util::set_id_process() || getuid() == 0 || directory == kDefaultConfigDirectory) return {};
  ConfigOptions standard;
  standard.directory = kDefaultConfigDirectory;
  const Result<Config> config = Config::try_load(standard);
  if (!config) return config.error();
  if (lists(*config, "alternate_config_directories", directory) ||
      lists(*config, "multi_instance_directories", directory)) {
    return {};
  }
  msg::error("unauthorized configuration directory name: {}", directory);
  return Error::syntax("specify \"alternate_config_directories = " + directory +
                       "\" or \"multi_instance_directories = " + directory + "\" in " +
                       config->main_cf());
}

Result<std::string> read_main_cf(const Config& config, const ConfigOptions& options) {
  if (options.started_by_master) {
    if (auto handed = take_main_cf_snapshot(config.directory())) return *std::move(handed);
  }
  return util::read_text_file(config.main_cf());
}

}  // namespace

Config Config::load(const ConfigOptions& options) {
  return util::or_die(try_load(options));
}

std::string Config::directory_for(const ConfigOptions& options) {
  if (!options.directory.empty()) return options.directory;
  const char* from_environment = std::getenv(master_proto::kConfigVariable);
  return from_environment != nullptr ? from_environment : kDefaultConfigDirectory;
}

Result<Config> Config::try_load(const ConfigOptions& options) {
  Config config;
  config.directory_ = directory_for(options);
  if (Status allowed = authorize(config.directory_); !allowed) return allowed.error();
  const Result<std::string> text = read_main_cf(config, options);
  if (!text) return text.error();
  if (Status read = config.read(*text); !read) return read.error();
  if (Status applied = config.apply(options); !applied) return applied.error();
  return config;
}

Result<Config> Config::from_text(std::string_view text, const ConfigOptions& options) {
  Config config;
  config.directory_ = directory_for(options);
  if (Status read = config.read(text); !read) return read.error();
  if (Status applied = config.apply(options); !applied) return applied.error();
  return config;
}

Status Config::read(std::string_view text) {
  return visit_assignments(text, main_cf(), [this](const Assignment& assignment, int line) {
    enter(std::string(assignment.name), std::string(assignment.value), line);
  });
}

void Config::enter(const std::string& name, std::string value, int line) {
  const Setting* earlier = find(name);
  if (earlier != nullptr && earlier->value != value)
    warn_of_override(main_cf(), line, name, earlier->value);
  settings_.insert_or_assign(name, Setting{std::move(value), main_cf(), line});
}

Status Config::apply(const ConfigOptions& options) {
  set("config_directory", directory_);
  set("process_name", options.process_name);
  set("process_id", std::to_string(getpid()));
  for (const std::string& assignment : options.overrides)
    if (Status done = override_with(assignment); !done) return done.error();
  // Its own name is the one thing that a service cannot be told with -o.
  set("service_name", options.service_name.empty() ? options.process_name : options.service_name);
  return {};
}

const Config::Setting* Config::find(std::string_view name) const {
  const auto found = settings_.find(name);
  return found == settings_.end() ? nullptr : &found->second;
}

std::optional<std::string> Config::raw(std::string_view name) const {
  if (const Setting* setting = find(name)) return setting->value;
  if (const Setting* setting = find_former(*this, name)) return setting->value;
  return default_value(*this, name);
}

Result<std::string> Config::value(std::string_view name) const {
  const std::optional<std::string> text = raw(name);
  if (!text) return std::string();
  return expand(*text);
}

Result<std::string> Config::expand(std::string_view text) const {
  Result<std::string> value =
      expand_macros(text, [this](std::string_view name) { return raw(name); });
  if (value) return value;
  msg::warn("{}", value.error().what);
  return Error::syntax("dictionary mail_dict: macro processing error");
}

std::string Config::place_of(std::string_view name) const {
  const Setting* setting = find(name);
  if (setting == nullptr) setting = find_former(*this, name);
  if (setting == nullptr) return "built-in default";
  if (setting->file.empty()) return "command line";
  return setting->file + ", line " + std::to_string(setting->line);
}

void Config::explain(std::string_view name, std::string_view value, std::string_view rule) const {
  msg::warn("{}: {} = {}: {}", place_of(name), name, value, rule);
}

void Config::set(std::string_view name, std::string value) {
  set(name, Setting{std::move(value), {}, 0});
}

void Config::set(std::string_view name, Setting setting) {
  settings_.insert_or_assign(std::string(name), std::move(setting));
}

Status Config::override_with(std::string_view text) {
  const Result<Assignment> assignment = parse_assignment(text);
  if (!assignment) {
    // Only the text is quoted here, and the problem is the one without it.
    const std::string& what = assignment.error().what;
    return Error::syntax("invalid \"-o " + std::string(text) +
                         "\" option value: " + what.substr(0, what.find(": \"")));
  }
  set(assignment->name, std::string(assignment->value));
  return {};
}

}  // namespace handoff::global
