#include "master/setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "global/config_expand.h"
#include "global/main_cf_snapshot.h"
#include "global/master_proto.h"
#include "util/line_document.h"
#include "util/msg.h"
#include "util/text.h"
#include "util/text_file.h"

namespace handoff::master {
namespace {

using util::Result;
using util::Status;

constexpr const char* kProgram = "master";
constexpr std::string_view kListSeparators = ", \t\r\n";

// Before level 1, services without an explicit choice were jailed.
bool jails_by_default(const global::Config& config) {
  const auto old = config.expand("${{$compatibility_level} <level {1} ? {yes} : {no}}");
  return old && *old == "yes";
}

EntryDefaults entry_defaults(const MainSetup& main) {
  EntryDefaults defaults;
  defaults.process_limit = main.params.default_process_limit;
  defaults.chroot = jails_by_default(main.config);
  if (!main.protocols.any()) {
    msg::warn("all network protocols are disabled (inet_protocols = {})",
              main.params.inet_protocols);
    msg::warn("disabling all type \"inet\" services in master.cf");
    defaults.disabled.emplace_back(global::master_proto::type::kInet);
  }
  for (const auto word : util::split(main.params.master_service_disable, kListSeparators)) {
    defaults.disabled.emplace_back(word);
  }
  return defaults;
}

// A value that cannot be expanded is found, and explained, by who reads it.
std::optional<std::string> value_of(const global::Config& config, std::string_view name) {
  const msg::Silence silence;
  auto value = config.value(name);
  if (!value) return std::nullopt;
  return *std::move(value);
}

// What one writes to get this value.
std::string as_written(std::string_view value) {
  std::string text;
  for (const char c : value) text.append(c == '$' ? 2 : 1, c);
  return text;
}

using Values = std::vector<std::pair<std::string, std::string>>;

// Before anything is made of the values. Returns what is no more as the file says.
Values keep_what_cannot_change(global::Config& config, const global::Params& running) {
  const std::array unchangeable = {std::pair{"queue_directory", &running.queue_directory},
                                   std::pair{"inet_protocols", &running.inet_protocols}};
  Values kept;
  for (const auto& [name, old] : unchangeable) {
    const auto value = value_of(config, name);
    if (!value || *value == *old) continue;
    msg::warn("ignoring {} parameter value change", name);
    msg::warn("old value: \"{}\", new value: \"{}\"", *old, *value);
    msg::warn("to change {}, stop and start Postfix", name);
    kept.emplace_back(name, as_written(*old));
    config.set(name, kept.back().second);
  }
  return kept;
}

// The lines of all others keep their numbers.
std::string text_with(const std::string& main_cf, const Values& values) {
  util::LineDocument document(main_cf);
  for (const auto& [name, value] : values) {
    for (const auto& entry : document.entries()) {
      const std::string_view text = entry.text;
      if (util::trim(text.substr(0, text.find('='))) == name) document.comment_out(entry);
    }
    document.append(fmt::format("{} = {}", name, value));
  }
  return document.text();
}

// Listeners are opened long before a daemon asks whether the addresses are ours.
Status check_addresses(const MainSetup& main) {
  if (!main.protocols.any()) return {};
  const auto own = global::OwnAddresses::try_load(main.config, main.params, main.protocols);
  if (!own) return own.error();
  return {};
}

}  // namespace

Result<MainSetup> read_main_cf(const global::Params* running) {
  global::ConfigOptions options;
  options.process_name = kProgram;
  options.directory = global::Config::directory_for(options);
  auto text = util::read_text_file(options.directory + "/main.cf");
  if (!text) return std::move(text).error();
  auto config = global::Config::from_text(*text, options);
  if (!config) return std::move(config).error();
  const Values kept = running != nullptr ? keep_what_cannot_change(*config, *running) : Values();
  auto params = global::try_load_params(*config, kProgram);
  if (!params) return std::move(params).error();
  auto owner = global::try_check_installation(*config, *params);
  if (!owner) return std::move(owner).error();
  auto protocols = global::try_inet_protocols(*config, *params);
  if (!protocols) return std::move(protocols).error();
  MainSetup main{.config = *std::move(config),
                 .params = *std::move(params),
                 .owner = *std::move(owner),
                 .protocols = *protocols,
                 .text = text_with(*text, kept),
                 .file_differs = !kept.empty()};
  if (auto found = check_addresses(main); !found) return std::move(found).error();
  return main;
}

void add_service(std::vector<PlannedService>& services, PlannedService service) {
  const auto same = [&](const PlannedService& other) {
    return other.entry.type == service.entry.type &&
           other.endpoint.canonical == service.endpoint.canonical;
  };
  const auto found = std::find_if(services.begin(), services.end(), same);
  if (found == services.end()) return services.push_back(std::move(service));
  msg::warn("duplicate master.cf entry for service \"{}\" ({}) -- using the last entry",
            found->entry.name, found->endpoint.canonical);
  found->entry = std::move(service.entry);
}

Result<Setup> read_setup(MainSetup main) {
  const std::string file = main.config.directory() + "/master.cf";
  const Network network =
      network_from(main.protocols, main.params.inet_interfaces, main.params.known_tcp_ports);
  const auto text = util::read_text_file(file);
  if (!text) return text.error();
  auto entries = parse_master_cf(*text, file, entry_defaults(main));
  if (!entries) return std::move(entries).error();

  auto copy = global::make_main_cf_snapshot(main.config.directory(), main.text);
  if (!copy) return std::move(copy).error();

  Setup setup{.config = std::move(main.config),
              .params = std::move(main.params),
              .owner = std::move(main.owner),
              .services = {},
              .main_cf = *std::move(copy),
              .file_differs = main.file_differs};
  for (Entry& entry : *entries) {
    auto endpoint = endpoint_of(entry, file, network);
    if (!endpoint) return std::move(endpoint).error();
    add_service(setup.services, {std::move(entry), *std::move(endpoint)});
  }
  return setup;
}

}  // namespace handoff::master
