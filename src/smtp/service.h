// service.h - smtp(8) as a service: what it prepares once, and what it does for each request.
#pragma once

#include <memory>
#include <optional>

#include "dns/resolver.h"
#include "global/delivery_agent.h"
#include "global/delivery_report.h"
#include "global/mail_queue.h"
#include "global/own_addresses.h"
#include "global/session_cache_clnt.h"
#include "service/single_server.h"
#include "smtp/delivery.h"
#include "smtp/route.h"
#include "tables/match_list.h"
#include "tables/table.h"

namespace handoff::smtp {

class SmtpService final : public service::SingleService {
 public:
  explicit SmtpService(service::Process& process);

  void serve(service::Connection client) override;
  std::optional<std::chrono::milliseconds> while_idle() override;
  std::string stale() override { return tables::changed_table(); }

 private:
  [[nodiscard]] Router make_router();
  [[nodiscard]] ConnectSettings connect_settings() const;
  [[nodiscard]] std::unique_ptr<global::ClientSessionCache> make_cache() const;
  [[nodiscard]] bool always_cached(const std::string& name) const;

  service::Process& process_;
  const global::Params& params_;
  global::OwnAddresses own_addresses_;
  std::unique_ptr<dns::Resolver> resolver_;
  global::MailQueue queue_;
  tables::MatchList cached_destinations_;
  tables::MatchList fast_flush_domains_;
  global::DeliveryReporter reporter_;
  Router router_;
  std::unique_ptr<global::ClientSessionCache> cache_;  // null: caching is not wanted
  Context context_;
};

}  // namespace handoff::smtp
