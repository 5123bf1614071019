#include "qmgr/transport_settings.h"

#include "global/params.h"

namespace handoff::qmgr {

using global::Bounds;
using global::kAny;

TransportSettings TransportSettings::read(const global::Config& config,
                                          const global::Params& params,
                                          const std::string& transport) {
  const auto number = [&](const char* suffix, int fallback, int min) {
    return global::read_int(config, transport + suffix, fallback, Bounds{min, kAny});
  };
  const auto time = [&](const char* suffix, std::chrono::seconds fallback, int min) {
    return global::read_time(config, transport + suffix, fallback, Bounds{min, kAny});
  };
  const auto feedback = [&](const char* suffix, const std::string& fallback) {
    const std::string name = transport + suffix;
    return Feedback::parse(name, global::read_str(config, name, fallback));
  };
  TransportSettings s;
  s.window.limit =
      number("_destination_concurrency_limit", params.default_destination_concurrency_limit, 0);
  s.window.initial =
      number("_initial_destination_concurrency", params.initial_destination_concurrency, 1);
  s.window.positive = feedback("_destination_concurrency_positive_feedback",
                               params.default_destination_concurrency_positive_feedback);
  s.window.negative = feedback("_destination_concurrency_negative_feedback",
                               params.default_destination_concurrency_negative_feedback);
  s.window.cohort_limit = number("_destination_concurrency_failed_cohort_limit",
                                 params.default_destination_concurrency_failed_cohort_limit, 0);
  s.recipient_limit =
      number("_destination_recipient_limit", params.default_destination_recipient_limit, 0);
  s.destination_rate_delay =
      time("_destination_rate_delay", params.default_destination_rate_delay, 0);
  s.transport_rate_delay = time("_transport_rate_delay", params.default_transport_rate_delay, 0);
  s.refill_limit = number("_recipient_refill_limit", params.default_recipient_refill_limit, 1);
  s.refill_delay = time("_recipient_refill_delay", params.default_recipient_refill_delay, 1);
  if (s.destination_rate_delay.count() > 0) s.window.limit = 1;
  return s;
}

}  // namespace handoff::qmgr
