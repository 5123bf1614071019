#include "postconf/names.h"

#include <algorithm>
#include <array>

#include "global/known_params.h"

namespace handoff::postconf {
namespace {

// The default of a parameter with a newer name refers to each of them.
constexpr std::array<std::string_view, 13> kFormerVersions = {
    "authorized_verp_clients",
    "fallback_relay",
    "lmtp_per_record_deadline",
    "postscreen_blacklist_action",
    "postscreen_dnsbl_ttl",
    "postscreen_dnsbl_whitelist_threshold",
    "postscreen_whitelist_interfaces",
    "smtp_per_record_deadline",
    "smtpd_client_connection_limit_exceptions",
    "smtpd_per_record_deadline",
    "tlsproxy_client_level",
    "tlsproxy_client_policy",
    "virtual_maps"};

bool of_former_version(std::string_view name) {
  const auto former_names = global::all_former_names();
  return std::ranges::count(kFormerVersions, name) > 0 ||
         std::ranges::count(former_names, name, &global::FormerName::former) > 0;
}

bool wanted(const NameClasses& classes, NameClass name_class) {
  switch (name_class) {
    case NameClass::Builtin:
      return classes.builtin;
    case NameClass::Service:
      return classes.service;
    case NameClass::User:
      return classes.user;
  }
  return false;
}

}  // namespace

Names::Names(const Settings& settings) {
  for (const global::KnownParam& param : global::known_params())
    names_.emplace(param.name, NameClass::Builtin);
  for (const char* name : {"process_id", "process_name", "service_name"})
    names_.emplace(name, NameClass::Builtin);
  for (const auto& [name, value] : settings.service_names())
    names_.insert_or_assign(name, NameClass::Service);
}

void Names::add_if_former(std::string_view name) {
  if (of_former_version(name)) add_user_defined(name);
}

void Names::add_user_defined(std::string_view name) {
  names_.emplace(name, NameClass::User);
}

bool Names::contains(std::string_view name) const {
  return names_.contains(name) || of_former_version(name);
}

bool Names::predefined(std::string_view name) const {
  const auto found = names_.find(name);
  return found != names_.end() && found->second != NameClass::User;
}

std::vector<std::string> Names::of(const NameClasses& classes) const {
  std::vector<std::string> result;
  for (const auto& [name, name_class] : names_) {
    if (wanted(classes, name_class)) result.push_back(name);
  }
  return result;
}

bool is_raw(std::string_view name) {
  const auto param = global::find_known_param(name);
  return param && param->kind == global::ParamSpec::Kind::Raw;
}

}  // namespace handoff::postconf
