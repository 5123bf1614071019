#include "global/scache_inspection.h"

#include <fnmatch.h>
#include <unistd.h>

#include <ctime>
#include <set>
#include <utility>

#include "global/cache_label.h"
#include "global/cache_snapshot.h"
#include "util/in_memory_file.h"

namespace handoff::global::scache {
namespace {

// Takes some ten milliseconds.
constexpr std::size_t kFlushedTogether = 500;

SizeReply reply_of(const SessionCache::Size& size) {
  return {
      .destinations = size.destinations, .endpoints = size.endpoints, .sessions = size.sessions};
}

template <typename Array>
DeparturesReply reply_of(const Array& departures) {
  DeparturesReply reply;
  std::size_t next = 0;
  std::apply([&](const auto&... field) { ((reply.*field.member = departures[next++]), ...); },
             DeparturesReply::kFields);
  return reply;
}

}  // namespace

Inspection::Inspection(util::Scheduler& scheduler, MultiSessionCache& cache,
                       const Statistics& statistics, About about)
    : scheduler_(scheduler), cache_(cache), statistics_(statistics), about_(std::move(about)) {}

void Inspection::begin_interval() {
  before_interval_ = departures();
}

Inspection::Departures Inspection::departures() const {
  Departures departures{};
  for (std::size_t i = 0; i < departures.size(); ++i)
    departures[i] = cache_.departures(static_cast<MultiSessionCache::Departure>(i));
  return departures;
}

StatisticsReply Inspection::statistics() const {
  const Departures total = departures();
  Departures interval = total;
  for (std::size_t i = 0; i < total.size(); ++i) interval[i] -= before_interval_[i];
  return {.pid = getpid(),
          .now = std::time(nullptr),
          .clients = about_.clients(),
          .session_limit = about_.session_limit,
          .size = reply_of(cache_.size()),
          .peak = reply_of(statistics_.peak()),
          .interval = {statistics_.interval_start(), statistics_.interval()},
          .interval_departures = reply_of(interval),
          .total = {statistics_.start(), statistics_.total()},
          .total_departures = reply_of(total)};
}

util::Result<util::UniqueFd> Inspection::contents() const {
  return util::in_memory_file("scache", encode_snapshot(cache_, scheduler_.now()).bytes);
}

FlushReply Inspection::flush(const std::string& pattern) {
  const auto matches = [&](std::string_view label) {
    const std::string shown = printable_label(label);
    return shown == pattern || fnmatch(pattern.c_str(), shown.c_str(), 0) == 0;
  };
  std::set<std::string, std::less<>> bound;
  cache_.for_each_binding([&](const MultiSessionCache::BindingView& binding) {
    if (matches(binding.destination)) bound.emplace(binding.endpoint);
  });
  const std::size_t closed = cache_.flush(
      [&](const MultiSessionCache::SessionView& session) {
        return bound.contains(session.endpoint) || matches(session.endpoint);
      },
      kFlushedTogether);
  return {
      .status = ScacheStatus::Ok, .closed = closed, .more = closed == kFlushedTogether ? 1U : 0U};
}

}  // namespace handoff::global::scache
