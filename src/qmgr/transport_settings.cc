#include "qmgr/transport_settings.h"

#include "global/params.h"
#include "global/transport_params.h"
#include "util/or_die.h"

namespace handoff::qmgr {
namespace {

// What is wrong with a text is said under the name that somebody has set it by.
Feedback feedback(const global::Config& config, const std::string& transport,
                  const std::string& suffix, const std::string& general) {
  const std::string name = transport + suffix;
  const bool own = config.find(name) != nullptr;
  return Feedback::parse(own ? name : "default" + suffix, global::read_str(config, name, general));
}

}  // namespace

// Also checks what this queue manager has no use for: a main.cf that another one refuses is wrong.
TransportSettings TransportSettings::read(const global::Config& config,
                                          const global::Params& params,
                                          const std::string& transport) {
  for (const global::TransportParam& param : global::transport_params())
    util::or_die(global::check_transport_param(config, transport, param));
  const auto number = [&](const char* suffix, int general) {
    return global::read_int(config, transport + suffix, general);
  };
  const auto time = [&](const char* suffix, std::chrono::seconds general) {
    return global::read_time(config, transport + suffix, general);
  };
  TransportSettings s;
  s.window.limit =
      number("_destination_concurrency_limit", params.default_destination_concurrency_limit);
  s.window.initial =
      number("_initial_destination_concurrency", params.initial_destination_concurrency);
  s.window.positive = feedback(config, transport, "_destination_concurrency_positive_feedback",
                               params.default_destination_concurrency_positive_feedback);
  s.window.negative = feedback(config, transport, "_destination_concurrency_negative_feedback",
                               params.default_destination_concurrency_negative_feedback);
  s.window.cohort_limit = number("_destination_concurrency_failed_cohort_limit",
                                 params.default_destination_concurrency_failed_cohort_limit);
  s.recipient_limit =
      number("_destination_recipient_limit", params.default_destination_recipient_limit);
  s.destination_rate_delay = time("_destination_rate_delay", params.default_destination_rate_delay);
  s.transport_rate_delay = time("_transport_rate_delay", params.default_transport_rate_delay);
  s.refill_limit = number("_recipient_refill_limit", params.default_recipient_refill_limit);
  s.refill_delay = time("_recipient_refill_delay", params.default_recipient_refill_delay);
  if (s.destination_rate_delay.count() > 0) s.window.limit = 1;
  return s;
}

}  // namespace handoff::qmgr
