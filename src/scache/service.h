// service.h - scache(8) as a service: the cache, its clients, its statistics.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "global/scache_dialogue.h"
#include "global/scache_inspection.h"
#include "global/scache_statistics.h"
#include "global/session_cache_multi.h"
#include "scache/second_socket.h"
#include "scache/succession.h"
#include "service/multi_server.h"

namespace handoff::scache {

class ScacheService final : public service::MultiService {
 public:
  explicit ScacheService(service::MultiServer& server);
  ~ScacheService() override;

  void post_jail() override;
  void on_client(service::Client client) override;
  bool wants_to_stay() override;
  bool make_room() override;
  bool master_has_gone() override;
  void on_exit(service::Leaving why) override;

 private:
  using Departure = global::MultiSessionCache::Departure;
  using SessionView = global::MultiSessionCache::SessionView;
  struct Guest;
  ScacheService(service::MultiServer& server, const global::MultiSessionCache::Limits& limits);
  void tell_once(Departure why, const SessionView& session);
  void admit(util::UniqueFd client, service::Presence presence,
             global::scache::Dialogue::Arrival arrival);
  void guest_left(std::uint64_t id);
  bool relieve();
  void settle();
  void hand_over();
  void inherit(util::UniqueFd socket, util::Received attached);
  void restore(Heir::Estate estate);
  void start_interval();

  service::MultiServer& server_;
  global::scache::Statistics statistics_;
  global::MultiSessionCache cache_;
  global::scache::Inspection inspection_;
  global::scache::Desk desk_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Guest>> guests_;
  std::uint64_t next_guest_ = 0;
  std::optional<SecondSocket> second_socket_;
  std::string socket_path_;
  std::unique_ptr<Heir> heir_;
  bool settling_ = false;
  std::vector<util::UniqueFd> at_rest_;  // clients that go on with the next process
  util::Timer settled_;
  util::Timer interval_;
  std::set<Departure> told_;  // in this interval
  util::Watch stop_;
};

}  // namespace handoff::scache
