#include "global/session_cache_single.h"

#include <unistd.h>

#include <cerrno>

#include "util/msg.h"
#include "util/result.h"

namespace handoff::global {

using namespace std::chrono_literals;

SingleSessionCache::~SingleSessionCache() {
  if (!endpoint_.empty()) free_endpoint();
  if (!destination_.empty()) free_destination();
}

void SingleSessionCache::save_endpoint(std::string_view label, Session session, Ttl ttl) {
  if (ttl <= 0ms) msg::panic("scache_single_save_endp: bad ttl: {}", ttl.count());
  if (!endpoint_.empty()) free_endpoint();
  endpoint_ = label;
  session_ = std::move(session);
  session_expiry_ = scheduler_.after(ttl, [this] { free_endpoint(); });
  msg::debug("scache_single_save_endp: {} fd={}", endpoint_, session_.connection.get());
}

std::optional<Session> SingleSessionCache::find_endpoint(std::string_view label) {
  if (endpoint_.empty()) {
    msg::debug("scache_single_find_endp: no endpoint cache: {}", label);
    return std::nullopt;
  }
  if (endpoint_ != label) {
    msg::debug("scache_single_find_endp: not found: {}", label);
    return std::nullopt;
  }
  Session found = std::move(session_);
  free_endpoint();
  msg::debug("scache_single_find_endp: found: {} fd={}", label, found.connection.get());
  return found;
}

void SingleSessionCache::save_destination(std::string_view label, const Binding& binding, Ttl ttl) {
  if (ttl <= 0ms) msg::panic("scache_single_save_dest: bad ttl: {}", ttl.count());
  const bool refreshed = destination_ == label && bound_property_ == binding.property &&
                         bound_endpoint_ == binding.endpoint;
  destination_ = label;
  bound_property_ = binding.property;
  bound_endpoint_ = binding.endpoint;
  binding_expiry_ = scheduler_.after(ttl, [this] { free_destination(); });
  msg::debug("scache_single_save_dest: {} -> {}{}", label, binding.endpoint,
             refreshed ? " (refreshed)" : "");
}

std::optional<DestinationHit> SingleSessionCache::find_destination(std::string_view label) {
  if (destination_.empty()) {
    msg::debug("scache_single_find_dest: no destination cache: {}", label);
    return std::nullopt;
  }
  if (destination_ == label) {
    msg::debug("scache_single_find_dest: found: {}", label);
    if (auto session = find_endpoint(bound_endpoint_))
      return DestinationHit{bound_property_, *std::move(session)};
  }
  msg::debug("scache_single_find_dest: not found: {}", label);
  return std::nullopt;
}

SessionCache::Size SingleSessionCache::size() const {
  const std::size_t sessions = endpoint_.empty() ? 0 : 1;
  return {destination_.empty() ? std::size_t{0} : std::size_t{1}, sessions, sessions};
}

// The connection is here no more when a hit has taken it.
void SingleSessionCache::free_endpoint() {
  msg::debug("scache_single_free_endp: {}", endpoint_);
  if (session_.connection && close(session_.connection.release()) < 0)
    msg::warn("close session endpoint {}: {}", endpoint_, util::errno_text(errno));
  endpoint_.clear();
  session_ = {};
  session_expiry_.cancel();
}

void SingleSessionCache::free_destination() {
  msg::debug("scache_single_free_dest: {} -> {}", destination_, bound_endpoint_);
  destination_.clear();
  binding_expiry_.cancel();
}

}  // namespace handoff::global
