#include "global/config_defaults.h"

#include <sys/utsname.h>

#include <algorithm>

#include "global/config_expand.h"
#include "global/known_params.h"
#include "global/own_addresses.h"

namespace handoff::global {
namespace {

NamesBeingMade with(NamesBeingMade names, std::string_view name) {
  names.push_back(name);
  return names;
}

std::string value_or_nothing(const Config& config, std::string_view name,
                             const NamesBeingMade& being_made) {
  const util::Result<std::string> value = value_for_default(config, name, being_made);
  return value ? *value : std::string();  // who reads the parameter itself is told why
}

std::string host_name() {
  utsname system{};
  return uname(&system) == 0 ? system.nodename : "localhost";
}

std::string default_myhostname(const Config& config, const NamesBeingMade& being_made) {
  std::string host = host_name();
  if (host.find('.') != std::string::npos) return host;
  if (config.find("mydomain") == nullptr) return host + ".localdomain";
  return host + "." + value_or_nothing(config, "mydomain", with(being_made, "myhostname"));
}

std::string default_mydomain(const Config& config, const NamesBeingMade& being_made) {
  const std::string host = value_or_nothing(config, "myhostname", with(being_made, "mydomain"));
  const std::size_t dot = host.find('.');
  return dot == std::string::npos ? "localdomain" : host.substr(dot + 1);
}

std::optional<std::string> make_default(const Config& config, std::string_view name,
                                        const NamesBeingMade& being_made) {
  const std::optional<KnownParam> spec = find_known_param(name);
  if (!spec) return std::nullopt;
  if (spec->default_text != kComputed) return spec->default_text;
  if (name == "myhostname") return default_myhostname(config, being_made);
  if (name == "mydomain") return default_mydomain(config, being_made);
  if (name == "mynetworks") {
    const auto networks = default_mynetworks(config, with(being_made, "mynetworks"));
    return networks ? *networks : std::string();  // who needs the addresses is told why
  }
  return std::string();
}

}  // namespace

const Config::Setting* find_former(const Config& config, std::string_view name) {
  for (const FormerName& renamed : all_former_names()) {
    if (renamed.name != name) continue;
    if (const Config::Setting* setting = config.find(renamed.former)) return setting;
  }
  return nullptr;
}

std::optional<std::string> default_value(const Config& config, std::string_view name) {
  return make_default(config, name, {});
}

util::Result<std::string> value_for_default(const Config& config, std::string_view name,
                                            const NamesBeingMade& being_made) {
  const auto lookup = [&](std::string_view wanted) -> std::optional<std::string> {
    if (std::ranges::find(being_made, wanted) != being_made.end()) return std::nullopt;
    if (const Config::Setting* setting = config.find(wanted)) return setting->value;
    if (const Config::Setting* setting = find_former(config, wanted)) return setting->value;
    return make_default(config, wanted, being_made);
  };
  return expand_macros("$" + std::string(name), lookup);
}

}  // namespace handoff::global
