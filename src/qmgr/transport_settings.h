// transport_settings.h - the limits of one transport: NAME_destination_concurrency_limit and the
// like, or what applies to all.
#pragma once

#include <chrono>
#include <string>

#include "qmgr/window.h"

namespace handoff::global {
class Config;
struct Params;
}  // namespace handoff::global

namespace handoff::qmgr {

struct TransportSettings {
  WindowSettings window;
  int recipient_limit = 50;  // in one request; 0 and less: none
  std::chrono::seconds destination_rate_delay{0};
  std::chrono::seconds transport_rate_delay{0};
  // Read more recipients of a message when so many have been dealt with, or after so long.
  int refill_limit = 100;
  std::chrono::seconds refill_delay{5};

  static TransportSettings read(const global::Config& config, const global::Params& params,
                                const std::string& transport);
};

}  // namespace handoff::qmgr
