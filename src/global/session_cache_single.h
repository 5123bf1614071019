// session_cache_single.h - the smallest cache: room for one session and one binding.
//
// What is saved replaces what is there. Of the original's three back ends it is the reference for
// the stress driver, and the cache of a process that talks to one server. An empty label means
// that there is room: it cannot be found again.
#pragma once

#include "global/session_cache.h"
#include "util/scheduler.h"

namespace handoff::global {

class SingleSessionCache final : public SessionCache {
 public:
  explicit SingleSessionCache(util::Scheduler& scheduler) : scheduler_(scheduler) {}
  ~SingleSessionCache() override;

  void save_endpoint(std::string_view label, Session session, Ttl ttl) override;
  std::optional<Session> find_endpoint(std::string_view label) override;
  void save_destination(std::string_view label, const Binding& binding, Ttl ttl) override;
  std::optional<DestinationHit> find_destination(std::string_view label) override;
  [[nodiscard]] Size size() const override;

 private:
  void free_endpoint();
  void free_destination();

  util::Scheduler& scheduler_;

  std::string endpoint_;  // the label; empty: no session
  Session session_;
  util::Timer session_expiry_;

  std::string destination_;  // the label; empty: no binding
  std::string bound_property_;
  std::string bound_endpoint_;
  util::Timer binding_expiry_;
};

}  // namespace handoff::global
