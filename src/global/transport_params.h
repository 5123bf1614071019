// transport_params.h - the parameters that exist for each transport, "slow_recipient_limit".
//
// Where one is not set, the general parameter applies; kind and bounds are always those of that.
#pragma once

#include <span>
#include <string_view>

#include "global/config.h"
#include "util/result.h"

namespace handoff::global {

struct TransportParam {
  std::string_view suffix;
  std::string_view general;
};

// In the order in which Postfix's queue manager reads them: the first mistake is reported.
std::span<const TransportParam> transport_params();

// Whether the value is one that the queue manager would go on with; if not, it is explained in the
// log. What is not set is good.
util::Status check_transport_param(const Config& config, std::string_view transport,
                                   const TransportParam& param);

}  // namespace handoff::global
