// mail_date.h - the date as message headers carry it (RFC 5322, 3.3).
#pragma once

#include <cstdint>
#include <string>

namespace handoff::global {

// "Tue, 14 Nov 2023 22:13:20 +0000 (UTC)", in the local time zone.
std::string mail_date(std::int64_t seconds_since_epoch);

}  // namespace handoff::global
