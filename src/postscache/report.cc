#include "postscache/report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <tuple>

#include "global/cache_label.h"

namespace handoff::postscache {
namespace {

using global::BindingRecord;
using global::CacheSnapshot;
using global::printable_label;
using global::SessionRecord;
using global::scache::Counts;
using global::scache::CountsReply;
using global::scache::DeparturesReply;
using global::scache::SizeReply;
using global::scache::StatisticsReply;
using Json = nlohmann::ordered_json;

// What people read, in the order of DeparturesReply.
constexpr std::array<std::string_view, global::MultiSessionCache::kDepartures> kReasons{
    "found",
    "expired",
    "evicted, cache full",
    "evicted, service full",
    "evicted, endpoint full",
    "shed, out of descriptors",
    "flushed",
    "handed over",
    "closed by remote end",
    "broken",
    "remote end spoke",
};

std::string percentage(std::uint64_t hits, std::uint64_t misses) {
  if (hits + misses == 0) return "-";
  return fmt::format("{:.1f} %",
                     100.0 * static_cast<double>(hits) / static_cast<double>(hits + misses));
}

std::string duration(std::int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86400, seconds / 3600 % 24);
}

std::string seconds(std::int64_t milliseconds) {
  return fmt::format("{:.1f}", static_cast<double>(milliseconds) / 1000);
}

template <typename Number>
std::string row(std::string_view name, const Number& left, const Number& right) {
  return fmt::format("  {:<26}{:>14}{:>14}\n", name, left, right);
}

std::string lookups(std::string_view what, std::uint64_t Counts::*hits,
                    std::uint64_t Counts::*misses, const StatisticsReply& of) {
  const Counts& a = of.interval.counts;
  const Counts& b = of.total.counts;
  return row(fmt::format("{} look-ups", what), a.*hits + a.*misses, b.*hits + b.*misses) +
         row("  hits", a.*hits, b.*hits) +
         row("  hit rate", percentage(a.*hits, a.*misses), percentage(b.*hits, b.*misses));
}

template <typename Message>
Json json_of(const Message& message) {
  Json json = Json::object();
  std::apply([&](const auto&... field) { ((json[field.name] = message.*field.member), ...); },
             Message::kFields);
  return json;
}

Json json_of_counts(const CountsReply& counts, const DeparturesReply& departures) {
  Json json = {{"since", counts.since}};
  json.update(json_of(counts.counts));
  json["departures"] = json_of(departures);
  return json;
}

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// How often smtp(8) has used it; other services may not say that.
std::optional<std::uint64_t> uses_of(const SessionRecord& session) {
  constexpr std::string_view kName = "reuse_count=";
  std::size_t at = session.property.find(kName);
  if (at == std::string::npos || (at > 0 && session.property[at - 1] != '\n')) return std::nullopt;
  std::uint64_t uses = 0;
  for (at += kName.size(); at < session.property.size(); ++at) {
    const char c = session.property[at];
    if (c < '0' || c > '9' || uses > 1'000'000'000) break;
    uses = uses * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return uses + 1;  // it counts from the second one on
}

// A metric family and its samples.
class Metrics {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = fmt::format("handoff_scache_{}", name);
    suffix_ = type == "counter" ? "_total" : "";
    text_ += fmt::format("# TYPE {0} {1}\n# HELP {0} {2}\n", name_, type, help);
  }
  void sample(std::string_view labels, std::uint64_t value) {
    text_ += fmt::format("{}{}{} {}\n", name_, suffix_, labels, value);
  }
  std::string take() { return std::move(text_) + "# EOF\n"; }

 private:
  std::string text_;
  std::string name_;
  std::string_view suffix_;
};

}  // namespace

std::string statistics_as_text(const StatisticsReply& statistics) {
  const StatisticsReply& s = statistics;
  std::string text =
      fmt::format("scache process {}, running for {}, {} clients; interval began {} ago\n\n", s.pid,
                  duration(s.now - s.total.since), s.clients, duration(s.now - s.interval.since));
  text += fmt::format("  {:<26}{:>14}{:>14}\n", "", "now", "interval peak");
  text += row("destinations", s.size.destinations, s.peak.destinations);
  text += row("endpoints", s.size.endpoints, s.peak.endpoints);
  text += row("connections", s.size.sessions, s.peak.sessions);
  text += fmt::format("  {:<26}{:>14}\n\n", "room for connections", s.session_limit);
  text += fmt::format("  {:<26}{:>14}{:>14}\n", "", "interval", "since start");
  text += lookups("domain", &Counts::destination_hits, &Counts::destination_misses, s);
  text += lookups("address", &Counts::endpoint_hits, &Counts::endpoint_misses, s);
  text += row("bindings saved", s.interval.counts.bindings_saved, s.total.counts.bindings_saved);
  text += row("connections saved", s.interval.counts.sessions_saved, s.total.counts.sessions_saved);
  text += "  connections gone\n";
  std::size_t next = 0;
  std::apply(
      [&](const auto&... field) {
        ((text += row(fmt::format("  {}", kReasons[next++]), s.interval_departures.*field.member,
                      s.total_departures.*field.member)),
         ...);
      },
      DeparturesReply::kFields);
  return text;
}

std::string statistics_as_json(const StatisticsReply& statistics) {
  return dump({{"pid", statistics.pid},
               {"now", statistics.now},
               {"clients", statistics.clients},
               {"session_limit", statistics.session_limit},
               {"size", json_of(statistics.size)},
               {"peak", json_of(statistics.peak)},
               {"interval", json_of_counts(statistics.interval, statistics.interval_departures)},
               {"total", json_of_counts(statistics.total, statistics.total_departures)}});
}

std::string statistics_as_metrics(const StatisticsReply& statistics) {
  const StatisticsReply& s = statistics;
  Metrics metrics;
  metrics.family("lookups", "counter", "Look-ups by clients.");
  metrics.sample(R"({by="domain",result="hit"})", s.total.counts.destination_hits);
  metrics.sample(R"({by="domain",result="miss"})", s.total.counts.destination_misses);
  metrics.sample(R"({by="address",result="hit"})", s.total.counts.endpoint_hits);
  metrics.sample(R"({by="address",result="miss"})", s.total.counts.endpoint_misses);
  metrics.family("saves", "counter", "What clients saved.");
  metrics.sample(R"({what="binding"})", s.total.counts.bindings_saved);
  metrics.sample(R"({what="connection"})", s.total.counts.sessions_saved);
  metrics.family("departures", "counter", "Connections that left the cache.");
  std::apply(
      [&](const auto&... field) {
        (metrics.sample(fmt::format(R"({{reason="{}"}})", field.name),
                        s.total_departures.*field.member),
         ...);
      },
      DeparturesReply::kFields);
  metrics.family("destinations", "gauge", "Destinations with a binding.");
  metrics.sample("", s.size.destinations);
  metrics.family("endpoints", "gauge", "Endpoints with a connection.");
  metrics.sample("", s.size.endpoints);
  metrics.family("connections", "gauge", "Cached connections.");
  metrics.sample("", s.size.sessions);
  metrics.family("connections_limit", "gauge", "Room for connections.");
  metrics.sample("", s.session_limit);
  metrics.family("clients", "gauge", "Connected clients.");
  metrics.sample("", s.clients);
  metrics.family("start_time_seconds", "gauge", "When the process began, since the epoch.");
  metrics.sample("", static_cast<std::uint64_t>(s.total.since));
  return metrics.take();
}

std::string contents_as_text(const CacheSnapshot& contents) {
  std::string text =
      fmt::format("{:>8} {:>8} {:>5} {:<9} {}\n", "AGE", "LEFT", "USES", "STATE", "ENDPOINT");
  for (const SessionRecord& session : contents.sessions) {
    const auto uses = uses_of(session);
    text += fmt::format("{:>8} {:>8} {:>5} {:<9} {}\n", seconds(session.age_ms),
                        seconds(session.remaining_ms), uses ? std::to_string(*uses) : "-",
                        session.watched != 0 ? "watched" : "unwatched",
                        printable_label(session.endpoint));
  }
  text += fmt::format("\n{:>8} {:<40} {}\n", "LEFT", "DESTINATION", "ENDPOINT");
  for (const BindingRecord& binding : contents.bindings)
    text += fmt::format("{:>8} {:<40} {}\n", seconds(binding.remaining_ms),
                        printable_label(binding.destination), printable_label(binding.endpoint));
  return text + fmt::format("\n{} connections, {} bindings\n", contents.sessions.size(),
                            contents.bindings.size());
}

std::string contents_as_json(const CacheSnapshot& contents) {
  Json sessions = Json::array();
  for (const SessionRecord& session : contents.sessions) {
    const auto uses = uses_of(session);
    sessions.push_back({{"endpoint", printable_label(session.endpoint)},
                        {"age", static_cast<double>(session.age_ms) / 1000},
                        {"remaining", static_cast<double>(session.remaining_ms) / 1000},
                        {"uses", uses ? Json(*uses) : Json()},
                        {"watched", session.watched != 0},
                        {"property", session.property},
                        {"farewell", session.farewell}});
  }
  Json bindings = Json::array();
  for (const BindingRecord& binding : contents.bindings) {
    bindings.push_back({{"destination", printable_label(binding.destination)},
                        {"endpoint", printable_label(binding.endpoint)},
                        {"remaining", static_cast<double>(binding.remaining_ms) / 1000},
                        {"property", binding.property}});
  }
  return dump({{"connections", std::move(sessions)}, {"bindings", std::move(bindings)}});
}

std::string progress_head() {
  return fmt::format("{:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "conns", "clients", "saves/s",
                     "hits/s", "misses/s", "hit rate", "dropped/s");
}

std::string progress_line(const StatisticsReply& before, const StatisticsReply& now,
                          double elapsed) {
  const auto since = [&](std::uint64_t Counts::*counter) {
    return now.total.counts.*counter - before.total.counts.*counter;
  };
  const std::uint64_t hits = since(&Counts::destination_hits) + since(&Counts::endpoint_hits);
  const std::uint64_t misses = since(&Counts::destination_misses) + since(&Counts::endpoint_misses);
  std::uint64_t dropped = 0;
  std::apply(
      [&](const auto&... field) {
        ((dropped += now.total_departures.*field.member - before.total_departures.*field.member),
         ...);
      },
      DeparturesReply::kFields);
  dropped -= now.total_departures.found - before.total_departures.found;
  const auto rate = [&](std::uint64_t count) { return static_cast<double>(count) / elapsed; };
  return fmt::format("{:>9} {:>9} {:>9.0f} {:>9.0f} {:>9.0f} {:>9} {:>9.0f}\n", now.size.sessions,
                     now.clients, rate(since(&Counts::sessions_saved)), rate(hits), rate(misses),
                     percentage(hits, misses), rate(dropped));
}

}  // namespace handoff::postscache
