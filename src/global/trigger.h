// trigger.h - tell a service of ours that there is work.
//
// One letter for each request (trigger_request::k...). A trigger is a courtesy: every service finds
// its work by itself sooner or later, so failure is logged and nothing else. Waits are bounded.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "util/result.h"

namespace handoff::global {

// `path` is a UNIX-domain socket or a FIFO. Not found, nobody listens, no reply in time: an error.
util::Status send_trigger(const std::string& path, std::string_view requests,
                          std::chrono::milliseconds limit);

// The same with warnings in stock's words, for services below the queue directory ("public",
// "qmgr"). A service that is there but does not run is nothing to worry about: master starts it.
void trigger_service(std::string_view service_class, std::string_view name,
                     std::string_view requests, std::chrono::milliseconds limit);

}  // namespace handoff::global
