#include "trivial-rewrite/rules.h"

#include <memory>
#include <utility>

#include "global/map_lists.h"
#include "global/match_lists.h"
#include "global/own_addresses.h"
#include "tables/map_list.h"
#include "tables/match_list.h"
#include "util/msg.h"
#include "util/sockets.h"
#include "util/text.h"

namespace handoff::rewrite {

using util::Result;

namespace {

// By this name both tables of transports are looked for in parent_domain_matches_subdomains.
constexpr std::string_view kTransportMaps = "transport_maps";
constexpr std::string_view kIpv6Tag = "IPv6:";
constexpr std::string_view kMappedPrefix = "::ffff:";  // an IPv4 address in IPv6's clothes

// No tables: no function.
Lookup open_maps(const global::Params& params, std::string_view parameter, std::string_view names,
                 tables::TableOptions options = {}) {
  options.utf8 = true;
  const auto maps =
      std::make_shared<tables::MapList>(global::map_list(params, parameter, names, options));
  if (maps->empty()) return {};
  return [maps, name = std::string(parameter)](std::string_view key, tables::MapList::Key kind) {
    tables::Answer answer = maps->find(key, kind);
    if (!answer) msg::warn("{} lookup failure", name);
    return answer;
  };
}

// What these answer is obeyed, so nothing of the address may get into it.
Lookup open_routes(const global::Params& params, std::string_view parameter,
                   std::string_view names) {
  tables::TableOptions options;
  options.no_substitution = true;
  return open_maps(params, parameter, names, options);
}

using MakeList = tables::MatchList(const global::Params&, std::string_view, std::string_view);

void open_domains(DomainList& list, const global::Params& params, std::string_view names,
                  MakeList& make) {
  const auto shared = std::make_shared<tables::MatchList>(make(params, list.parameter, names));
  list.has = [shared](std::string_view domain) { return shared->match(domain); };
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
  settings.main_cf = config.main_cf();
  settings.myhostname = params.myhostname;
  settings.empty_address_recipient = params.empty_address_recipient;
  settings.myorigin = params.myorigin;
  settings.extensions = global::ExtensionRules(params);
  settings.resolve_dequoted_address = params.resolve_dequoted_address;
  settings.resolve_null_domain = params.resolve_null_domain;
  settings.resolve_numeric_domain = params.resolve_numeric_domain;
  settings.allow_min_user = params.allow_min_user;
  settings.smtputf8 = params.smtputf8_enable;
  settings.show_user_unknown_table_name = params.show_user_unknown_table_name;
  settings.is_local = local_domains(config, params);
  open_domains(settings.virtual_alias, params, params.virtual_alias_domains, global::string_list);
  open_domains(settings.virtual_mailbox, params, params.virtual_mailbox_domains,
               global::string_list);
  open_domains(settings.relay, params, params.relay_domains, global::domain_list);
  settings.relocated = open_maps(params, "relocated_maps", params.relocated_maps);
  return settings;
}

Routes routes(const global::Params& params) {
  Routes routes;
  routes.local = params.local_transport;
  routes.virtual_mailbox = params.virtual_transport;
  routes.relay = params.relay_transport;
  routes.other = params.default_transport;
  routes.relayhost = params.relayhost;
  routes.sender_relayhost = open_routes(params, "sender_dependent_relayhost_maps",
                                        params.sender_dependent_relayhost_maps);
  routes.sender_transport_parameter = "sender_dependent_default_transport_maps";
  routes.sender_transport = open_routes(params, routes.sender_transport_parameter,
                                        params.sender_dependent_default_transport_maps);
  routes.empty_sender_relayhost_key = params.empty_address_relayhost_maps_lookup_key;
  routes.empty_sender_transport_key = params.empty_address_default_transport_maps_lookup_key;
  routes.transport_maps = open_routes(params, kTransportMaps, params.transport_maps);
  routes.transport_parents_match = global::parents_match(params, kTransportMaps);
  return routes;
}

Routes probe_routes(const global::Params& params) {
  Routes routes;
  routes.local = params.address_verify_local_transport;
  routes.virtual_mailbox = params.address_verify_virtual_transport;
  routes.relay = params.address_verify_relay_transport;
  routes.other = params.address_verify_default_transport;
  routes.relayhost = params.address_verify_relayhost;
  routes.sender_relayhost = open_routes(params, "address_verify_sender_dependent_relayhost_maps",
                                        params.address_verify_sender_dependent_relayhost_maps);
  routes.sender_transport_parameter = "address_verify_sender_dependent_default_transport_maps";
  routes.sender_transport =
      open_routes(params, routes.sender_transport_parameter,
                  params.address_verify_sender_dependent_default_transport_maps);
  routes.empty_sender_relayhost_key = params.empty_address_relayhost_maps_lookup_key;
  routes.empty_sender_transport_key = params.empty_address_default_transport_maps_lookup_key;
  routes.transport_maps =
      open_routes(params, "address_verify_transport_maps", params.address_verify_transport_maps);
  routes.transport_parents_match = global::parents_match(params, kTransportMaps);
  return routes;
}

}  // namespace

Rules load_rules(const global::Config& config, const global::Params& params) {
  return {local_rules(params), remote_rules(params), resolver_settings(config, params),
          routes(params), probe_routes(params)};
}

}  // namespace handoff::rewrite
