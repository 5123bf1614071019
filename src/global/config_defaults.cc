#include "global/config_defaults.h"

#include <sys/utsname.h>

#include <utility>

#include "global/config_expand.h"
#include "global/known_params.h"
#include "global/own_addresses.h"

namespace handoff::global {
namespace {

// myhostname and mydomain are made from each other: while one is computed, it is not known, which
// also ends "myhostname = mail.$mydomain" without a mydomain.
std::string expand_without(const Config& config, std::string_view unknown, std::string_view name) {
  const auto lookup = [&](std::string_view wanted) -> std::optional<std::string> {
    if (wanted == unknown) return std::nullopt;
    return config.raw(wanted);
  };
  const util::Result<std::string> value = expand_macros("$" + std::string(name), lookup);
  return value ? *value : std::string();  // who reads the parameter itself is told why
}

std::string host_name() {
  utsname system{};
  return uname(&system) == 0 ? system.nodename : "localhost";
}

std::string default_myhostname(const Config& config) {
  std::string host = host_name();
  if (host.find('.') != std::string::npos) return host;
  if (config.find("mydomain") == nullptr) return host + ".localdomain";
  return host + "." + expand_without(config, "myhostname", "mydomain");
}

std::string default_mydomain(const Config& config) {
  const std::string host = expand_without(config, "mydomain", "myhostname");
  const std::size_t dot = host.find('.');
  return dot == std::string::npos ? "localdomain" : host.substr(dot + 1);
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
  const std::optional<KnownParam> spec = find_known_param(name);
  if (!spec) return std::nullopt;
  if (spec->default_text != kComputed) return spec->default_text;
  if (name == "myhostname") return default_myhostname(config);
  if (name == "mydomain") return default_mydomain(config);
  if (name == "mynetworks") {
    const util::Result<std::string> networks = default_mynetworks(config);
    return networks ? *networks : std::string();  // who needs the addresses is told why
  }
  return std::string();
}

}  // namespace handoff::global
