// intake.h - from a file in the queue to a message in memory, and back.
//
// A message that is being delivered lives in the directory "active". Its file is locked while we
// read it, and by each agent that delivers it: so a queue manager that was restarted does not
// deliver a message that an agent of its predecessor still has in hand (spec 5.3, 5.4).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "global/log_address.h"
#include "global/mail_queue.h"
#include "qmgr/message.h"
#include "util/unique_fd.h"

namespace handoff::qmgr {

struct Imported {
  std::unique_ptr<Message> message;
  std::vector<global::Recipient> recipients;
  util::UniqueFd lock;  // until its way is known
};

class Intake {
 public:
  using WallClock = std::function<global::TimeStamp()>;

  Intake(const global::MailQueue& queue, WallClock clock, global::AddressForm log_form);

  // At start: whatever our predecessor had in hand is new mail again.
  void recover_active();

  // The message, now in "active"; nothing when it is not to be delivered now (anything worth a
  // line has been logged). Reads about `recipient_limit` recipients.
  std::optional<Imported> import(std::string_view from, const std::string& id, bool ignore_times,
                                 std::size_t recipient_limit);
  // When the first of the messages that import() left in "incoming" because it was not their time
  // becomes due, in seconds since the epoch; nothing when there is none. Forgets it: whoever asks
  // has to look again then, for nobody else will mention these messages.
  std::optional<std::int64_t> take_next_due() { return std::exchange(next_due_, std::nullopt); }
  // The next recipients; nothing when the file has become unreadable, and then it has been put
  // aside if it is corrupt.
  std::optional<std::vector<global::Recipient>> read_more(Message& message,
                                                          std::size_t recipient_limit);

  // To "corrupt", with a warning.
  void put_aside(const std::string& id);
  // Not to be delivered before a while from now; logged nowhere.
  void defer(const std::string& id, std::int64_t not_before);
  void clear_unthrottle_bit(const std::string& id);

 private:
  [[nodiscard]] bool is_due(std::string_view from, const std::string& id, bool ignore_times,
                            struct stat& attributes);
  void wait_in_incoming(std::int64_t due);
  std::optional<util::UniqueFd> open_locked(const std::string& id);
  void postpone_locked(const std::string& id);

  const global::MailQueue& queue_;
  WallClock clock_;
  global::AddressForm log_form_;
  std::uint64_t sequence_ = 0;
  std::optional<std::int64_t> next_due_;
};

}  // namespace handoff::qmgr
