#include "smtp/service.h"

#include <fmt/format.h>

#include <utility>

#include "global/known_ports.h"
#include "global/mail_proto.h"
#include "global/match_lists.h"
#include "smtp/unsupported.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/text.h"

namespace handoff::smtp {

namespace {

const global::Params& checked_params(const service::Process& process) {
  refuse_unsupported(process.config(), process.params());
  return process.params();
}

dns::Families families_of(const global::InetProtocols& protocols) {
  return {.ipv4 = protocols.ipv4, .ipv6 = protocols.ipv6};
}

global::MailQueue::Settings queue_settings(const global::Params& params) {
  global::MailQueue::Settings settings;
  settings.hashed.clear();
  for (std::string_view name : util::split(params.hash_queue_names, ", \t\r\n"))
    settings.hashed.emplace_back(name);
  settings.hash_depth = params.hash_queue_depth;
  settings.long_ids = params.enable_long_queue_ids;
  return settings;
}

// The only address of its family at which this machine takes mail is also where it sends from.
std::optional<util::SocketAddress> only_address(const global::OwnAddresses& own, int family) {
  std::optional<util::SocketAddress> only;
  for (const util::SocketAddress& address : own.own()) {
    if (address.family() != family) continue;
    if (only) return std::nullopt;
    only = address;
  }
  return only && !only->is_loopback() ? only : std::nullopt;
}

}  // namespace

SmtpService::SmtpService(service::Process& process)
    : process_(process),
      params_(checked_params(process)),
      own_addresses_(global::OwnAddresses::load(process.config(), params_)),
      resolver_(util::or_die(dns::Resolver::create({.servers = params_.dns_resolver_addresses}))),
      queue_(queue_settings(params_)),
      cached_destinations_(global::string_list(params_, "smtp_connection_cache_destinations",
                                               params_.smtp_connection_cache_destinations)),
      fast_flush_domains_(
          global::domain_list(params_, "fast_flush_domains", params_.fast_flush_domains)),
      reporter_([this] {
        auto options = global::DeliveryReporter::Options::from(params_);
        options.fast_flush = [this](std::string_view domain) {
          const auto matches = fast_flush_domains_.match(domain);
          return matches && *matches;
        };
        return options;
      }()),
      router_(make_router()),
      cache_(make_cache()),
      context_{.service = process.name(),
               .params = params_,
               .reporter = reporter_,
               .router = router_,
               .cache = cache_.get(),
               .discarded = DiscardedKeywords(params_.smtp_discard_ehlo_keywords),
               .connect = connect_settings(),
               .ports = {.known = global::parse_known_ports(params_.known_tcp_ports),
                         .default_port = params_.smtp_tcp_port},
               .always_cached = [this](const std::string& name) { return always_cached(name); }} {}

Router SmtpService::make_router() {
  const dns::Families families = families_of(own_addresses_.protocols());
  Lookups lookups;
  lookups.mx = [this](const std::string& domain) { return resolver_->mx(domain); };
  lookups.addresses = [this, families](const std::vector<std::string>& names) {
    return resolver_->addresses(names, families);
  };
  lookups.native = [families](const std::string& name) {
    return dns::native_addresses(name, families);
  };
  lookups.is_self = [this](const util::SocketAddress& address) {
    return own_addresses_.is_own(address) || own_addresses_.is_proxied(address);
  };
  return Router(RouteSettings::from(params_, families), std::move(lookups));
}

ConnectSettings SmtpService::connect_settings() const {
  ConnectSettings settings;
  settings.source = SourceAddresses::from(params_);
  settings.source.ipv4.only = only_address(own_addresses_, AF_INET);
  settings.source.ipv6.only = only_address(own_addresses_, AF_INET6);
  settings.timeout = params_.smtp_connect_timeout;
  settings.window_size = params_.tcp_windowsize;
  return settings;
}

std::unique_ptr<global::ClientSessionCache> SmtpService::make_cache() const {
  if (cached_destinations_.empty() && !params_.smtp_connection_cache_on_demand) return nullptr;
  global::ClientSessionCache::Options options;
  options.service =
      fmt::format("{}/{}", global::service_class::kPrivate, params_.connection_cache_service_name);
  options.timeout = params_.connection_cache_protocol_timeout;
  options.idle_limit = params_.ipc_idle;
  options.lifetime_limit = params_.ipc_ttl;
  return std::make_unique<global::ClientSessionCache>(std::move(options));
}

bool SmtpService::always_cached(const std::string& name) const {
  const auto matches = cached_destinations_.match(name);
  return matches && *matches;
}

void SmtpService::serve(service::Connection client) {
  global::serve_delivery(
      std::move(client.fd), {.service = process_.name(), .limit = params_.ipc_timeout}, queue_,
      [this](global::DeliveryJob& job) { return Delivery(context_, job).run(); });
}

std::optional<std::chrono::milliseconds> SmtpService::while_idle() {
  return cache_ ? cache_->tidy() : std::nullopt;
}

}  // namespace handoff::smtp
