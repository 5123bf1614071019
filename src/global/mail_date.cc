#include "global/mail_date.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <string_view>

namespace handoff::global {
namespace {

// Not strftime: names must be English in every locale.
constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string mail_date(std::int64_t seconds_since_epoch) {
  const std::time_t time = seconds_since_epoch;
  std::tm local{};
  localtime_r(&time, &local);
  const long minutes = std::labs(local.tm_gmtoff) / 60;
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} {}{:02}{:02} ({})",
                     kDays[static_cast<std::size_t>(local.tm_wday)], local.tm_mday,
                     kMonths[static_cast<std::size_t>(local.tm_mon)], local.tm_year + 1900,
                     local.tm_hour, local.tm_min, local.tm_sec, local.tm_gmtoff < 0 ? '-' : '+',
                     minutes / 60, minutes % 60, local.tm_zone);
}

}  // namespace handoff::global
