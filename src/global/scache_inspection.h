// scache_inspection.h - what a server answers to those who look inside (scache_inspection_proto.h).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "global/scache_inspection_proto.h"
#include "global/scache_statistics.h"
#include "global/session_cache_multi.h"
#include "util/result.h"
#include "util/scheduler.h"
#include "util/unique_fd.h"

namespace handoff::global::scache {

// What can be looked at; outlives every Desk that has it.
class Inspection {
 public:
  struct About {
    std::function<std::size_t()> clients;
    std::size_t session_limit = 0;
  };
  Inspection(util::Scheduler& scheduler, MultiSessionCache& cache, const Statistics& statistics,
             About about);

  // With the interval that Statistics begins.
  void begin_interval();

  [[nodiscard]] StatisticsReply statistics() const;
  // A snapshot in an in-memory file.
  [[nodiscard]] util::Result<util::UniqueFd> contents() const;
  // How many sessions were closed.
  FlushReply flush(const std::string& pattern);

 private:
  using Departures = std::array<std::uint64_t, MultiSessionCache::kDepartures>;
  [[nodiscard]] Departures departures() const;

  util::Scheduler& scheduler_;
  MultiSessionCache& cache_;
  const Statistics& statistics_;
  About about_;
  Departures before_interval_{};
};

}  // namespace handoff::global::scache
