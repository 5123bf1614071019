#include "global/delivery_log.h"

#include <fmt/format.h>

#include "util/text.h"

namespace handoff::global {

namespace {

constexpr std::int64_t kMillion = 1'000'000;

// 0 when the clock went backwards.
TimeStamp elapsed(TimeStamp from, TimeStamp to) {
  TimeStamp delta{to.seconds - from.seconds, to.microseconds - from.microseconds};
  while (delta.microseconds < 0) {
    delta.microseconds += kMillion;
    delta.seconds -= 1;
  }
  while (delta.microseconds >= kMillion) {
    delta.microseconds -= kMillion;
    delta.seconds += 1;
  }
  return delta.seconds < 0 ? TimeStamp{} : delta;
}

// The smallest part that is worth printing, in microseconds: two significant digits below 10 s,
// whole seconds above.
std::int64_t resolution(TimeStamp delay, int digits) {
  std::int64_t smallest = kMillion;
  for (; digits > 0; --digits) smallest /= 10;
  if (smallest == kMillion) return smallest;
  if (delay.seconds > 0) {
    std::int64_t power = 1;
    while (delay.seconds >= power && power <= 10) power *= 10;
    return 10'000 * power;
  }
  while (delay.microseconds >= 100 * smallest) smallest *= 10;
  return smallest;
}

std::string format_delay(TimeStamp delay, int digits) {
  std::int64_t smallest = resolution(delay, digits);
  if (smallest > 1) delay.microseconds += smallest / 2;
  if (delay.microseconds >= kMillion) {
    delay.microseconds -= kMillion;
    delay.seconds += 1;
  }
  std::string text = fmt::format("{}", delay.seconds);
  if (delay.microseconds < smallest) return text;
  text += '.';
  std::int64_t rest = delay.microseconds;
  for (std::int64_t unit = kMillion / 10; unit > 0 && rest >= smallest; unit /= 10) {
    text += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return text;
}

}  // namespace

std::string format_delays(const MsgStats& stats, TimeStamp now, int digits) {
  const TimeStamp done = stats.delivery_done ? stats.delivery_done : now;
  TimeStamp before_qmgr;
  TimeStamp in_qmgr;
  TimeStamp setup;
  TimeStamp transmission;
  if (!stats.active_arrival) {
    before_qmgr = elapsed(stats.incoming_arrival, now);
  } else if (!stats.agent_handoff) {
    before_qmgr = elapsed(stats.incoming_arrival, stats.active_arrival);
    in_qmgr = elapsed(stats.active_arrival, now);
  } else {
    before_qmgr = elapsed(stats.incoming_arrival, stats.active_arrival);
    in_qmgr = elapsed(stats.active_arrival, stats.agent_handoff);
    if (stats.connection_setup_done)
      setup = elapsed(stats.agent_handoff, stats.connection_setup_done);
    transmission = elapsed(
        stats.connection_setup_done ? stats.connection_setup_done : stats.agent_handoff, done);
  }
  return fmt::format("delay={}, delays={}/{}/{}/{}",
                     format_delay(elapsed(stats.incoming_arrival, done), digits),
                     format_delay(before_qmgr, digits), format_delay(in_qmgr, digits),
                     format_delay(setup, digits), format_delay(transmission, digits));
}

std::string format_delivery(const DeliveryLogLine& line, TimeStamp now, DeliveryLogFormat format) {
  auto shown = [&](const std::string& address) {
    return address_in_log(address, format.addresses);
  };
  const Recipient& recipient = line.recipient;
  std::string text = fmt::format("{}: to=<{}>", line.queue_id, shown(recipient.address));
  if (!recipient.original.empty() &&
      !util::equal_ignoring_case(recipient.original, recipient.address))
    text += fmt::format(", orig_to=<{}>", shown(recipient.original));
  text += fmt::format(", relay={}", line.relay);
  if (line.stats.reuse_count > 0) text += fmt::format(", conn_use={}", line.stats.reuse_count + 1);
  text += fmt::format(", {}, dsn={}, status={} ({})",
                      format_delays(line.stats, now, format.delay_digits), line.status_code,
                      line.word, line.reason);
  return text;
}

}  // namespace handoff::global
