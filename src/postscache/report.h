// report.h - the cache's numbers and contents as text, for people and for programs. Everything ends
// with a newline.
#pragma once

#include <string>

#include "global/cache_snapshot.h"
#include "global/scache_inspection_proto.h"

namespace handoff::postscache {

std::string statistics_as_text(const global::scache::StatisticsReply& statistics);
std::string statistics_as_json(const global::scache::StatisticsReply& statistics);
// OpenMetrics 1.0 text: counters since the start of the process, and gauges.
std::string statistics_as_metrics(const global::scache::StatisticsReply& statistics);

std::string contents_as_text(const global::CacheSnapshot& contents);
std::string contents_as_json(const global::CacheSnapshot& contents);

// One line of what has happened between two looks, for `watch`; and the head of its columns.
std::string progress_head();
std::string progress_line(const global::scache::StatisticsReply& before,
                          const global::scache::StatisticsReply& now, double seconds);

}  // namespace handoff::postscache
