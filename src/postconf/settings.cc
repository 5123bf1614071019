#include "postconf/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "global/config_defaults.h"
#include "global/config_expand.h"
#include "global/main_cf_text.h"
#include "global/master_proto.h"
#include "global/own_addresses.h"
#include "global/transport_params.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/text_file.h"

namespace handoff::postconf {
namespace {

using util::Result;

constexpr std::string_view kProcessName = "process_name";
constexpr std::string_view kProcessId = "process_id";
constexpr std::string_view kServiceName = "service_name";

constexpr std::string_view kTimeLimit = "_time_limit";

constexpr std::array<std::string_view, 6> kDeliveryAgents = {"local", "error", "virtual",
                                                             "smtp",  "lmtp",  "pipe"};
constexpr std::array<std::string_view, 2> kCommandRunners = {"pipe", "spawn"};

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::ranges::count(list, word) > 0;
}

Values names_of_service(const MasterEntry& entry) {
  Values names;
  const std::string& service = entry.fields[MasterEntry::Service];
  const std::string& program = entry.fields[MasterEntry::Program];
  if (contains(kDeliveryAgents, program)) {
    for (const global::TransportParam& param : global::transport_params())
      names.emplace(service + std::string(param.suffix), '$' + std::string(param.general));
  }
  if (contains(kCommandRunners, program))
    names.emplace(service + std::string(kTimeLimit), "$command_time_limit");
  return names;
}

}  // namespace

bool is_read_only(std::string_view name) {
  return name == kProcessName || name == kProcessId || name == kServiceName;
}

Settings Settings::load(const Options& options) {
  Settings settings(util::or_die(global::Config::from_text("")));
  // Of several mistakes the one in the file that is asked for counts.
  if (options.mode != Mode::MainCf) settings.read_master(options);
  if (!options.defaults) settings.read_main();
  settings.override_with(options.overrides);
  settings.drop_read_only();
  if (options.mode == Mode::MainCf) settings.read_master(options);
  return settings;
}

void Settings::read_main() {
  // Somebody wrote this, too, and before the file.
  if (std::getenv(global::master_proto::kConfigVariable) != nullptr)
    set_main("config_directory", {config_.directory(), {}, 0});
  const std::string text = util::or_die(util::read_text_file(main_cf()));
  util::or_die(global::visit_assignments(
      text, main_cf(), [this](const global::Assignment& assignment, int line) {
        const auto earlier = main_.find(assignment.name);
        if (earlier != main_.end() && earlier->second != assignment.value)
          global::warn_of_override(main_cf(), line, assignment.name, earlier->second);
        set_main(assignment.name, {std::string(assignment.value), main_cf(), line});
      }));
}

void Settings::set_main(std::string_view name, global::Config::Setting setting) {
  main_.insert_or_assign(std::string(name), setting.value);
  if (!is_read_only(name)) config_.set(name, std::move(setting));
}

void Settings::override_with(const std::vector<std::string>& assignments) {
  for (const std::string& text : assignments) {
    const Result<global::Assignment> assignment = global::parse_assignment(text);
    if (!assignment) {
      const std::string& what = assignment.error().what;
      msg::fatal("invalid parameter override: {}: {}", text, what.substr(0, what.find(": \"")));
    }
    set_main(assignment->name, {std::string(assignment->value), {}, 0});
  }
}

void Settings::drop_read_only() {
  for (const std::string_view name : {kProcessName, kProcessId, kServiceName}) {
    const auto found = main_.find(name);
    if (found == main_.end()) continue;
    read_only_[""].emplace(name, found->second);
    main_.erase(found);
  }
}

void Settings::read_master(const Options& options) {
  const Result<std::string> text = util::read_text_file(master_cf());
  if (!text && options.mode != Mode::MainCf) msg::fatal("{}", text.error().what);
  if (!text) return msg::warn("{}", text.error().what);
  for (const util::LogicalLine& line : util::logical_lines(*text, master_cf())) {
    const Result<MasterEntry> entry = parse_master_entry(line.text);
    if (!entry && entry.error().what == kBadFieldCount)
      msg::fatal("file {}: line {}: {}", master_cf(), line.number, kBadFieldCount);
    take_over(util::or_die(entry));
  }
}

void Settings::take_over(const MasterEntry& entry) {
  entries_.push_back(entry);
  service_names_.merge(names_of_service(entry));
  Values& values = local_[entry.key()];
  for (const MasterEntry::Option& option : entry.options) {
    if (!option.value) continue;
    const Result<global::Assignment> assignment = global::parse_assignment(*option.value);
    if (!assignment) continue;  // master(8)'s daemon complains, if anybody does
    if (is_read_only(assignment->name)) {
      read_only_[entry.key()].insert_or_assign(std::string(assignment->name),
                                               std::string(assignment->value));
    } else {
      values.insert_or_assign(std::string(assignment->name), std::string(assignment->value));
    }
  }
}

void Settings::warn_of_read_only(const MasterEntry* entry) const {
  const auto found = read_only_.find(entry != nullptr ? entry->key() : "");
  if (found == read_only_.end()) return;
  const std::string file = entry != nullptr ? master_cf() : main_cf();
  for (const auto& [name, value] : found->second)
    msg::warn("{}: read-only parameter assignment: {}={}", file, name, value);
}

void Settings::check_computed_defaults() const {
  if (!main_.contains("mydomain")) (void)util::or_die(config_.value("myhostname"));
  if (!main_.contains("myhostname")) (void)util::or_die(config_.value("mydomain"));
  if (main_.contains("mynetworks")) return;
  if (!main_.contains("mynetworks_style")) (void)expand_or_die(*default_of("mynetworks_style"));
  (void)util::or_die(global::default_mynetworks(config_));
}

const Values& Settings::of(const MasterEntry& entry) const {
  return local_.find(entry.key())->second;
}

std::optional<std::string> Settings::default_of(std::string_view name) const {
  if (name == kProcessName) return "postconf";
  if (name == kProcessId) return std::to_string(getpid());
  if (name == kServiceName) return "";
  if (auto built_in = global::default_value(config_, name)) return built_in;
  const auto service = service_names_.find(name);
  if (service == service_names_.end()) return std::nullopt;
  return service->second;
}

std::optional<std::string> Settings::raw(std::string_view name, const MasterEntry* entry) const {
  if (entry != nullptr) {
    if (name == kProcessName) return entry->fields[MasterEntry::Program];
    if (name == kServiceName) return entry->fields[MasterEntry::Service];
    const Values& own = of(*entry);
    if (const auto found = own.find(name); found != own.end()) return found->second;
  }
  if (const auto found = main_.find(name); found != main_.end()) return found->second;
  if (const auto* former = global::find_former(config_, name)) return former->value;
  return default_of(name);
}

std::string Settings::expand_or_die(std::string_view text, const MasterEntry* entry,
                                    std::string_view last_words) const {
  const Result<std::string> value =
      global::expand_macros(text, [&](std::string_view name) { return raw(name, entry); });
  if (value) return *value;
  msg::warn("{}", value.error().what);
  msg::fatal("{}", last_words);
}

}  // namespace handoff::postconf
