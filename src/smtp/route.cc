#include "smtp/route.h"

#include <fmt/format.h>

#include <algorithm>

#include "global/word_values.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::smtp {

namespace {

using dns::Kind;
using global::Dsn;

constexpr std::uint16_t kSmtpPort = 25;  // mail to other ports cannot loop
constexpr std::size_t kMaxCandidates = 100;
constexpr std::string_view kSeparators = ", \t\r\n";

bool is_soft(const Dsn& dsn) {
  return dsn.status.starts_with('4');
}

Dsn mx_failure(const NextHop& hop, const dns::MxAnswer& answer) {
  switch (answer.kind) {
    case Kind::NullMx:
      return Dsn::simple("5.1.0", fmt::format("Domain {} does not accept mail (nullMX)", hop.host));
    case Kind::Again:
      return Dsn::simple("4.4.3", answer.why);
    case Kind::Permanent:
      return Dsn::simple("5.4.3", answer.why);
    default:
      return Dsn::simple("5.4.4", answer.why);
  }
}

RouteSettings::Prefer preference(const std::string& word) {
  if (util::equal_ignoring_case(word, "ipv4")) return RouteSettings::Prefer::Ipv4;
  if (util::equal_ignoring_case(word, "ipv6")) return RouteSettings::Prefer::Ipv6;
  return RouteSettings::Prefer::Any;
}

}  // namespace

RouteSettings RouteSettings::from(const global::Params& params, dns::Families families) {
  const auto host_lookup = util::split(params.smtp_host_lookup, kSeparators);
  RouteSettings settings;
  settings.families = families;
  settings.prefer = preference(params.smtp_address_preference);
  settings.use_dns = global::uses_dns(params);
  settings.host_dns = settings.use_dns && std::ranges::count(host_lookup, "dns") > 0;
  settings.host_native = !settings.use_dns || std::ranges::count(host_lookup, "native") > 0;
  settings.randomize = params.smtp_randomize_addresses;
  settings.balance = params.smtp_balance_inet_protocols;
  settings.address_limit = params.smtp_mx_address_limit;
  settings.ignore_mx_lookup_error = params.ignore_mx_lookup_error;
  settings.defer_if_no_mx_address_found = params.smtp_defer_if_no_mx_address_found;
  settings.cname_overrides_name = params.smtp_cname_overrides_servername;
  return settings;
}

Router::Router(RouteSettings settings, Lookups lookups, unsigned seed)
    : settings_(settings), lookups_(std::move(lookups)), random_(seed) {}

Route Router::find(const NextHop& hop) {
  return hop.mx_lookup && settings_.use_dns ? find_by_mx(hop) : find_by_address(hop);
}

// --- Through MX records.

Route Router::find_by_mx(const NextHop& hop) {
  dns::MxAnswer answer = lookups_.mx(hop.host);
  switch (answer.kind) {
    case Kind::Found:
      break;
    case Kind::NotFound:
    case Kind::NoData:
      return find_by_address(hop);
    case Kind::NullMx: {
      Route route;
      route.failure = mx_failure(hop, answer);
      return route;
    }
    case Kind::Again:
    case Kind::Permanent:
    case Kind::Invalid: {
      if (settings_.ignore_mx_lookup_error) return find_by_address(hop);
      Route route;
      route.failure = mx_failure(hop, answer);
      return route;
    }
  }
  std::stable_sort(answer.hosts.begin(), answer.hosts.end(),
                   [](const dns::Mx& a, const dns::Mx& b) { return a.preference < b.preference; });
  Hosts hosts;
  for (const dns::Mx& mx : answer.hosts) {
    hosts.names.push_back(mx.host);
    hosts.preferences.push_back(mx.preference);
  }
  Route route = resolve(hosts, hop.port);
  if (route.candidates.empty()) {
    msg::warn("no MX host for {} has a valid address record", hop.host);
    if (settings_.defer_if_no_mx_address_found && !is_soft(route.failure))
      route.failure.status[0] = '4';
    return route;
  }
  order(route.candidates, true);
  if (hop.port == kSmtpPort) drop_self(hop, answer.hosts.front().preference, route);
  return route;
}

// Our own address has a preference; servers of the same and of worse ones would give us the
// message back.
void Router::drop_self(const NextHop& hop, int best_mx_preference, Route& route) const {
  auto& candidates = route.candidates;
  std::vector<Candidate> by_preference = candidates;
  sort(by_preference);
  const auto self =
      std::find_if(by_preference.begin(), by_preference.end(),
                   [this](const Candidate& each) { return lookups_.is_self(each.address); });
  if (self == by_preference.end()) return;
  route.found_self = true;
  const int best = by_preference.front().preference;
  const int limit = self->preference;
  std::erase_if(candidates, [limit](const Candidate& each) { return each.preference >= limit; });
  if (!candidates.empty()) return;
  if (best == best_mx_preference) {
    route.is_loop = true;
    route.failure = Dsn::simple("5.4.6", fmt::format("mail for {} loops back to myself", hop.host));
  } else {
    route.failure =
        Dsn::simple("4.4.4", fmt::format("unable to find primary relay for {}", hop.host));
  }
}

// --- By the host's own address.

Route Router::find_by_address(const NextHop& hop) {
  Route route;
  if (auto literal = util::SocketAddress::parse(hop.host, hop.port))
    route.candidates.push_back({hop.host, *literal, 0});
  else
    route = resolve({{hop.host}, {0}}, hop.port);
  order(route.candidates, false);
  if (hop.port != kSmtpPort) return route;
  for (const Candidate& each : route.candidates) {
    if (!lookups_.is_self(each.address)) continue;
    route.found_self = route.is_loop = true;
    route.failure = Dsn::simple("5.4.6", fmt::format("mail for {} loops back to myself", hop.host));
    route.candidates.clear();
    break;
  }
  return route;
}

// --- Names to addresses.

Route Router::resolve(const Hosts& hosts, std::uint16_t port) {
  Route route;
  std::vector<dns::HostAnswer> answers(hosts.names.size());
  if (settings_.host_dns) answers = lookups_.addresses(hosts.names);
  for (std::size_t i = 0; i < hosts.names.size(); ++i) {
    if (route.candidates.size() >= kMaxCandidates) break;
    dns::HostAnswer& answer = answers[i];
    if (answer.kind != Kind::Found && settings_.host_native &&
        (!settings_.host_dns || answer.kind == Kind::NotFound || answer.kind == Kind::NoData))
      answer = lookups_.native(hosts.names[i]);
    if (answer.kind == Kind::Found)
      add(hosts.names[i], answer, hosts.preferences[i], route);
    else
      fail(answer, route);
  }
  for (Candidate& each : route.candidates) each.address.set_port(port);
  return route;
}

void Router::add(const std::string& name, const dns::HostAnswer& answer, int preference,
                 Route& route) {
  const std::string& host = settings_.cname_overrides_name ? answer.canonical : name;
  for (const util::SocketAddress& address : answer.addresses)
    route.candidates.push_back({host, address, preference});
}

// A failure that may pass makes all that follow ones that may pass.
void Router::fail(const dns::HostAnswer& answer, Route& route) const {
  const bool soft = is_soft(route.failure);
  std::string status;
  switch (answer.kind) {
    case Kind::Again:
      status = "4.4.3";
      break;
    case Kind::Permanent:
      status = soft ? "4.4.3" : "5.4.3";
      break;
    default:
      status = soft ? "4.4.4" : "5.4.4";
      break;
  }
  route.failure = Dsn::simple(status, answer.why);
}

// --- The order.

void Router::sort(std::vector<Candidate>& candidates) const {
  const auto rank = [this](const Candidate& each) {
    if (settings_.prefer == RouteSettings::Prefer::Any) return 0;
    const int preferred = settings_.prefer == RouteSettings::Prefer::Ipv6 ? AF_INET6 : AF_INET;
    return each.address.family() == preferred ? 0 : 1;
  };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&rank](const Candidate& a, const Candidate& b) {
                     return std::pair(a.preference, rank(a)) < std::pair(b.preference, rank(b));
                   });
}

void Router::order(std::vector<Candidate>& candidates, bool by_mx) {
  if (candidates.size() < 2) return;
  if (settings_.randomize) std::shuffle(candidates.begin(), candidates.end(), random_);
  if (by_mx || (settings_.families.ipv4 && settings_.families.ipv6)) sort(candidates);
  if (settings_.address_limit > 0 && settings_.balance)
    balance_families(
        candidates,
        std::min<std::size_t>(static_cast<std::size_t>(settings_.address_limit), kMaxCandidates));
}

void balance_families(std::vector<Candidate>& candidates, std::size_t limit) {
  const auto is_v6 = [](const Candidate& each) { return each.address.family() == AF_INET6; };
  const auto v6 =
      static_cast<std::size_t>(std::count_if(candidates.begin(), candidates.end(), is_v6));
  const std::size_t v4 = candidates.size() - v6;
  if (v4 == 0 || v6 == 0 || v4 + v6 <= limit) return;
  std::size_t keep_v4 = 0;
  if (v6 <= limit / 2)
    keep_v4 = limit - v6;
  else if (v4 <= limit / 2)
    keep_v4 = v4;
  else
    keep_v4 = (limit + (is_v6(candidates.front()) ? 0 : 1)) / 2;
  std::size_t keep_v6 = limit - keep_v4;
  std::erase_if(candidates, [&](const Candidate& each) {
    std::size_t& left = is_v6(each) ? keep_v6 : keep_v4;
    if (left == 0) return true;
    --left;
    return false;
  });
}

}  // namespace handoff::smtp
