#include "global/transport_params.h"

#include <string>

#include "global/params.h"

namespace handoff::global {
namespace {

constexpr TransportParam kTransportParams[] = {
    {"_destination_concurrency_limit", "default_destination_concurrency_limit"},
    {"_destination_recipient_limit", "default_destination_recipient_limit"},
    {"_initial_destination_concurrency", "initial_destination_concurrency"},
    {"_transport_rate_delay", "default_transport_rate_delay"},
    {"_destination_rate_delay", "default_destination_rate_delay"},
    {"_delivery_slot_cost", "default_delivery_slot_cost"},
    {"_delivery_slot_loan", "default_delivery_slot_loan"},
    {"_delivery_slot_discount", "default_delivery_slot_discount"},
    {"_minimum_delivery_slots", "default_minimum_delivery_slots"},
    {"_recipient_limit", "default_recipient_limit"},
    {"_extra_recipient_limit", "default_extra_recipient_limit"},
    {"_recipient_refill_limit", "default_recipient_refill_limit"},
    {"_recipient_refill_delay", "default_recipient_refill_delay"},
    {"_destination_concurrency_positive_feedback",
     "default_destination_concurrency_positive_feedback"},
    {"_destination_concurrency_negative_feedback",
     "default_destination_concurrency_negative_feedback"},
    {"_destination_concurrency_failed_cohort_limit",
     "default_destination_concurrency_failed_cohort_limit"},
};

}  // namespace

std::span<const TransportParam> transport_params() {
  return kTransportParams;
}

util::Status check_transport_param(const Config& config, std::string_view transport,
                                   const TransportParam& param) {
  return try_check_like(config, std::string(transport) + std::string(param.suffix),
                        *find_param(param.general));
}

}  // namespace handoff::global
