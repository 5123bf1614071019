#include "trivial-rewrite/rules.h"

#include <memory>
#include <utility>

#include "global/match_lists.h"
#include "global/own_addresses.h"
#include "tables/map_list.h"
#include "tables/match_list.h"
#include "util/sockets.h"
#include "util/text.h"

namespace handoff::rewrite {

using util::Result;

namespace {

constexpr std::string_view kIpv6Tag = "IPv6:";
constexpr std::string_view kMappedPrefix = "::ffff:";  // an IPv4 address in IPv6's clothes

// No tables: no function.
Lookup open_maps(std::string title, std::string_view names) {
  tables::TableOptions options;
  options.lock = options.utf8 = options.no_substitution = true;
  const auto maps = std::make_shared<tables::MapList>(std::move(title), names, options);
  if (maps->empty()) return {};
  return [maps](std::string_view key, tables::MapList::Key kind) { return maps->find(key, kind); };
}

DomainTest test_with(tables::MatchList list) {
  const auto shared = std::make_shared<tables::MatchList>(std::move(list));
  return [shared](std::string_view domain) { return shared->match(domain); };
}

// The address in "[192.0.2.1]" or "[IPv6:2001:db8::1]".
std::optional<util::SocketAddress> address_in(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != '[' || literal.back() != ']') return std::nullopt;
  std::string_view text = literal.substr(1, literal.size() - 2);
  if (util::starts_with_ignoring_case(text, kIpv6Tag)) text.remove_prefix(kIpv6Tag.size());
  if (util::starts_with_ignoring_case(text, kMappedPrefix) &&
      text.find('.') != std::string_view::npos)
    text.remove_prefix(kMappedPrefix.size());
  return util::SocketAddress::parse(text, 0);
}

// mydestination, and our network addresses between brackets.
DomainTest local_domains(const global::Config& config, const global::Params& params) {
  const auto names = std::make_shared<tables::MatchList>(
      global::string_list(params, "mydestination", params.mydestination));
  const auto own =
      std::make_shared<global::OwnAddresses>(global::OwnAddresses::load(config, params));
  return [names, own](std::string_view domain) -> Result<bool> {
    auto listed = names->match(domain);
    if (!listed || *listed) return listed;
    const auto address = address_in(domain);
    return address && (own->is_own(*address) || own->is_proxied(*address));
  };
}

RewriteRules local_rules(const global::Params& params) {
  RewriteRules rules;
  if (params.append_at_myorigin) rules.origin = params.myorigin;
  if (params.append_dot_mydomain) rules.parent_domain = params.mydomain;
  rules.swap_bangpath = params.swap_bangpath;
  rules.allow_percent_hack = params.allow_percent_hack;
  return rules;
}

RewriteRules remote_rules(const global::Params& params) {
  RewriteRules rules = local_rules(params);
  const bool wanted = !params.remote_header_rewrite_domain.empty();
  if (!rules.origin.empty() || !wanted) rules.origin = params.remote_header_rewrite_domain;
  if (!rules.parent_domain.empty() || !wanted)
    rules.parent_domain = params.remote_header_rewrite_domain;
  return rules;
}

ResolverSettings resolver_settings(const global::Config& config, const global::Params& params) {
  ResolverSettings settings;
  settings.local_rules = local_rules(params);
  settings.myhostname = params.myhostname;
  settings.empty_address_recipient = params.empty_address_recipient;
  settings.recipient_delimiter = params.recipient_delimiter;
  settings.resolve_dequoted_address = params.resolve_dequoted_address;
  settings.resolve_null_domain = params.resolve_null_domain;
  settings.resolve_numeric_domain = params.resolve_numeric_domain;
  settings.allow_min_user = params.allow_min_user;
  settings.smtputf8 = params.smtputf8_enable;
  settings.show_user_unknown_table_name = params.show_user_unknown_table_name;
  settings.is_local = local_domains(config, params);
  settings.is_virtual_alias =
      test_with(global::string_list(params, "virtual_alias_domains", params.virtual_alias_domains));
  settings.is_virtual_mailbox = test_with(
      global::string_list(params, "virtual_mailbox_domains", params.virtual_mailbox_domains));
  settings.is_relay = test_with(global::domain_list(params, "relay_domains", params.relay_domains));
  settings.relocated = open_maps("relocated_maps", params.relocated_maps);
  return settings;
}

Routes routes(const global::Params& params) {
  Routes routes;
  routes.local = params.local_transport;
  routes.virtual_mailbox = params.virtual_transport;
  routes.relay = params.relay_transport;
  routes.other = params.default_transport;
  routes.relayhost = params.relayhost;
  routes.sender_relayhost =
      open_maps("sender_dependent_relayhost_maps", params.sender_dependent_relayhost_maps);
  routes.sender_transport = open_maps("sender_dependent_default_transport_maps",
                                      params.sender_dependent_default_transport_maps);
  routes.empty_sender_relayhost_key = params.empty_address_relayhost_maps_lookup_key;
  routes.empty_sender_transport_key = params.empty_address_default_transport_maps_lookup_key;
  routes.transport_maps = open_maps("transport_maps", params.transport_maps);
  return routes;
}

Routes probe_routes(const global::Params& params) {
  Routes routes;
  routes.local = params.address_verify_local_transport;
  routes.virtual_mailbox = params.address_verify_virtual_transport;
  routes.relay = params.address_verify_relay_transport;
  routes.other = params.address_verify_default_transport;
  routes.relayhost = params.address_verify_relayhost;
  routes.sender_relayhost = open_maps("address_verify_sender_dependent_relayhost_maps",
                                      params.address_verify_sender_dependent_relayhost_maps);
  routes.sender_transport =
      open_maps("address_verify_sender_dependent_default_transport_maps",
                params.address_verify_sender_dependent_default_transport_maps);
  routes.empty_sender_relayhost_key = params.empty_address_relayhost_maps_lookup_key;
  routes.empty_sender_transport_key = params.empty_address_default_transport_maps_lookup_key;
  routes.transport_maps =
      open_maps("address_verify_transport_maps", params.address_verify_transport_maps);
  return routes;
}

}  // namespace

Rules load_rules(const global::Config& config, const global::Params& params) {
  return {local_rules(params), remote_rules(params), resolver_settings(config, params),
          routes(params), probe_routes(params)};
}

}  // namespace handoff::rewrite
