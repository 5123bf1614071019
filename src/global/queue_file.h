// queue_file.h - what is in a message file: the envelope, and the text.
//
// The envelope is everything that a queue manager needs to know; a delivery agent is told that
// much in its request and only reads the text. Records and their order: spec/queue-and-delivery.md
// 1.6 to 1.12.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "global/mail_proto.h"
#include "global/msg_stats.h"
#include "global/recipient.h"
#include "global/record.h"
#include "util/result.h"

namespace handoff::global {

// The first record: where things are, so that nobody has to read the text to find what follows.
struct SizeRecord {
  // `flags`: the union of the NOTIFY masks is shifted left by one.
  static constexpr int kMixedRecipients = 1;
  static constexpr int kNotifyShift = 1;
  static constexpr int kKnownFlags = 31;

  std::int64_t text_span = 0;    // bytes from the first record of the text to the X record
  std::int64_t text_offset = 0;  // of the first record of the text
  std::int64_t recipient_count = 0;
  std::int64_t flags = 0;
  std::int64_t text_length = 0;  // what is called the size of the message
  std::int64_t smtputf8 = 0;     // mask smtputf8::k...

  // As record data, always 95 bytes: it is overwritten when the rest has been written.
  [[nodiscard]] std::string to_data() const;
  // Files of older versions have fewer numbers. Nothing for fewer than three.
  static std::optional<SizeRecord> from_data(std::string_view data);
  bool operator==(const SizeRecord&) const = default;
};

// "SECONDS MICROSECONDS", as record data.
std::string time_record_data(const TimeStamp& time);
std::optional<TimeStamp> time_from_record(std::string_view data);

struct Attribute {
  std::string_view name;
  std::string_view value;
};
// "name = value": blanks around the name and the value do not count. Nothing without a name or "=".
std::optional<Attribute> split_attribute(std::string_view data);
// The attribute that a record stands for: of type A, or one of the short forms.
std::optional<Attribute> attribute_of(const Record& record);

struct Envelope {
  static constexpr std::int64_t kNoRecord = -1;
  static constexpr std::int64_t kWarned = -1;

  SizeRecord size;
  TimeStamp arrival;
  std::int64_t create_time = 0;  // what the age of the message counts from, seconds
  std::string sender;
  std::string full_name;
  std::string filter;    // "transport:nexthop"
  std::string inspect;   // "transport:nexthop"
  std::string redirect;  // one address instead of all recipients
  std::string verp_delimiters;
  std::int64_t warn_time = 0;            // 0: never; kWarned: has been done
  std::int64_t warn_offset = kNoRecord;  // of the record
  std::string encoding;
  int trace_flags = 0;
  std::int64_t trace_offset = kNoRecord;
  std::string envelope_id;
  int ret_flags = 0;
  std::string client_name;
  std::string client_address;
  std::string client_port;
  std::string protocol_name;
  std::string helo_name;
  std::string sasl_method;
  std::string sasl_username;
  std::string sasl_sender;
  std::string log_ident;
  std::string rewrite_context{rewrite_context::kLocal};

  std::vector<Recipient> recipients;  // to be delivered
  // Where to go on reading when there are more recipients than were asked for.
  std::optional<off_t> unread;
  // What the log calls nrcpt: recipient_count less those before the sender record.
  std::int64_t announced_recipients = 0;
  // Among those read so far: delivered, or given up.
  std::int64_t done_recipients = 0;

  bool operator==(const Envelope&) const = default;
};

// Reads an envelope, or goes on reading one. Errors of kind Syntax mean that the file is corrupt;
// their text is the warning that stock logs (where it logs two, the first has been logged).
class EnvelopeReader {
 public:
  // `file` and the file behind it must outlive this.
  EnvelopeReader(RecordFile& file, std::string queue_id);

  // From the beginning; at most `recipient_limit` recipients, 0 = all.
  util::Result<Envelope> read(std::size_t recipient_limit = 0);
  // Replaces envelope.recipients by those at envelope.unread.
  util::Status read_more(Envelope& envelope, std::size_t recipient_limit);

 private:
  util::Status scan(Envelope& envelope, std::size_t recipient_limit);
  util::Status take(Envelope& envelope, const Record& record);
  util::Status take_attribute(Envelope& envelope, const Record& record);
  util::Status take_size(Envelope& envelope, std::string_view data);
  util::Status skip_text(const Envelope& envelope);
  util::Status check(const Envelope& envelope) const;
  void take_recipient(Envelope& envelope, const Record& record);
  void take_client(std::string& field, std::string_view value, bool for_the_log);
  void take_once(std::string& field, bool& seen, const Attribute& attribute);
  [[nodiscard]] util::Error unexpected(const Record& record) const;

  RecordFile& file_;
  std::string queue_id_;
  Recipient pending_;  // what is known of the next recipient
  bool has_sender_ = false;
  bool has_end_ = false;
  bool has_log_client_ = false;
  struct {
    bool create_time, trace_flags, sasl_method, sasl_username, sasl_sender, log_ident,
        rewrite_context;
  } seen_{};
};

// The text of a message, as a delivery agent needs it.
class TextReader {
 public:
  struct Piece {
    std::string_view text;  // without a line end; valid until the next call
    bool ends_line = true;  // false: the line goes on in the next piece, if there is one
  };

  // The file must stay open meanwhile. `offset` is that of the first record of the text.
  TextReader(int fd, std::string name, std::int64_t offset);

  // Nothing at the end; error Syntax when the file is corrupt. The last line may lack its end.
  util::Result<std::optional<Piece>> next();

 private:
  static constexpr std::size_t kChunk = 32768;

  RecordFile file_;
};

}  // namespace handoff::global
