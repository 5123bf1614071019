#include "global/queue_file.h"

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/log.h"

namespace handoff::global {
namespace {

using test::file_with;

// Builds a file as cleanup does, with right numbers unless told otherwise.
struct Message {
  std::string envelope;
  std::string text;
  std::string extracted;
  std::int64_t wrong_offset = 0;
  std::int64_t wrong_span = 0;
  std::int64_t flags = 0;
  std::int64_t recipient_count = 1;

  static std::string rec(RecordType type, std::string_view data = {}) {
    std::string out;
    append_record(out, type, data);
    return out;
  }
  static Message minimal() {
    return {rec(RecordType::Time, "1700000000 250000") +
                rec(RecordType::Sender, "alice@example.org") +
                rec(RecordType::Recipient, "bob@example.com"),
            rec(RecordType::Line, "Subject: hi") + rec(RecordType::Line) +
                rec(RecordType::Line, ".dot"),
            "",
            0,
            0,
            0,
            1};
  }
  [[nodiscard]] std::string bytes(bool with_size = true, bool with_end = true) const {
    SizeRecord size;
    size.text_span = size.text_length = static_cast<std::int64_t>(text.size()) + wrong_span;
    size.text_offset = 97 + static_cast<std::int64_t>(envelope.size()) + 2 + wrong_offset;
    size.recipient_count = recipient_count;
    size.flags = flags;
    return (with_size ? rec(RecordType::Size, size.to_data()) : "") + envelope +
           rec(RecordType::Message) + text + rec(RecordType::Extracted) + extracted +
           (with_end ? rec(RecordType::End) : "");
  }
};

Result<Envelope> read(const std::string& bytes, std::size_t limit = 0) {
  const util::UniqueFd fd = file_with(bytes);
  RecordFile file(fd.get(), "active/QID");
  return EnvelopeReader(file, "QID").read(limit);
}

std::string error_of(const std::string& bytes) {
  const auto envelope = read(bytes);
  return envelope ? "no error" : envelope.error().what;
}

std::string rec(RecordType type, std::string_view data = {}) {
  return Message::rec(type, data);
}

TEST(QueueFile, TheSizeRecordIsThatOfTheSpecification) {
  EXPECT_EQ((SizeRecord{21, 195, 1, 0, 21, 0}).to_data(),
            "             21             195               1               0              21"
            "               0");
  EXPECT_EQ(SizeRecord::from_data("21 195 1 0 21 0"), (SizeRecord{21, 195, 1, 0, 21, 0}));
}

TEST(QueueFile, OlderSizeRecordsAreUnderstood) {
  EXPECT_EQ(SizeRecord::from_data("21 195 1 0"), (SizeRecord{21, 195, 1, 0, 21, 0}));
  EXPECT_EQ(SizeRecord::from_data("21 195 1"), (SizeRecord{21, 195, 1, 1, 21, 0}));
  EXPECT_FALSE(SizeRecord::from_data("21 195"));
  EXPECT_FALSE(SizeRecord::from_data("-21 195 1"));
  EXPECT_FALSE(SizeRecord::from_data("x"));
}

TEST(QueueFile, ReadsTheSmallestFile) {
  const auto envelope = read(Message::minimal().bytes());
  ASSERT_TRUE(envelope) << envelope.error().what;
  EXPECT_EQ(envelope->sender, "alice@example.org");
  EXPECT_EQ(envelope->arrival, (TimeStamp{1700000000, 250000}));
  EXPECT_EQ(envelope->create_time, 1700000000);
  EXPECT_EQ(envelope->announced_recipients, 1);
  ASSERT_EQ(envelope->recipients.size(), 1U);
  EXPECT_EQ(envelope->recipients[0].address, "bob@example.com");
  EXPECT_EQ(envelope->recipients[0].offset, 97 + 19 + 19);
  EXPECT_FALSE(envelope->unread);
}

TEST(QueueFile, RecipientsCarryWhatStandsBeforeThem) {
  Message message = Message::minimal();
  message.extracted =
      rec(RecordType::Attribute, "notify_flags=4") +
      rec(RecordType::Attribute, "dsn_orig_rcpt = rfc822;c@example.com ") +
      rec(RecordType::OriginalRecipient, "c@example.com") +
      rec(RecordType::Recipient, "c2@example.com") + rec(RecordType::NotifyFlags, "1") +
      rec(RecordType::Done, "done@example.com") + rec(RecordType::Recipient, "d@example.com");
  const auto envelope = read(message.bytes());
  ASSERT_TRUE(envelope) << envelope.error().what;
  ASSERT_EQ(envelope->recipients.size(), 3U);
  EXPECT_EQ(envelope->recipients[1].original, "c@example.com");
  EXPECT_EQ(envelope->recipients[1].dsn_original, "rfc822;c@example.com");
  EXPECT_EQ(envelope->recipients[1].notify, notify::kFailure);
  EXPECT_EQ(envelope->recipients[2].notify, 0);
  EXPECT_EQ(envelope->done_recipients, 1);
}

TEST(QueueFile, LoggedIdentityWinsOverTheRealClient) {
  Message message = Message::minimal();
  message.envelope += rec(RecordType::Attribute, "log_client_name=orig.example") +
                      rec(RecordType::Attribute, "client_name=relay.example") +
                      rec(RecordType::Attribute, "client_address=192.0.2.1");
  EXPECT_EQ(read(message.bytes())->client_name, "orig.example");
  EXPECT_EQ(read(message.bytes())->client_address, "");

  Message direct = Message::minimal();
  direct.envelope += rec(RecordType::Attribute, "client_name=a.example") +
                     rec(RecordType::Attribute, "client_name=b.example");
  EXPECT_EQ(read(direct.bytes())->client_name, "a.example");
}

TEST(QueueFile, ManyRecipientsAreReadInPortions) {
  Message message = Message::minimal();
  for (int i = 0; i < 10; ++i)
    message.extracted += rec(RecordType::OriginalRecipient, "o" + std::to_string(i)) +
                         rec(RecordType::Recipient, std::to_string(i) + "@example.com");
  message.extracted += rec(RecordType::Attribute, "encoding=8bit");
  const util::UniqueFd fd = file_with(message.bytes());
  RecordFile file(fd.get(), "active/QID");
  EnvelopeReader reader(file, "QID");
  auto envelope = reader.read(4);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->recipients.size(), 4U);
  EXPECT_EQ(envelope->encoding, "8bit");
  ASSERT_TRUE(reader.read_more(*envelope, 4));
  EXPECT_EQ(envelope->recipients.size(), 4U);
  EXPECT_EQ(envelope->recipients[0].original, "o3");
  ASSERT_TRUE(reader.read_more(*envelope, 4));
  EXPECT_EQ(envelope->recipients.size(), 3U);
  EXPECT_FALSE(envelope->unread);
}

TEST(QueueFile, TellsWhatIsMissingAsStockDoes) {
  Message no_time = Message::minimal();
  no_time.envelope.erase(0, 19);
  EXPECT_EQ(error_of(no_time.bytes()), "QID: message rejected: missing arrival time record");
  Message no_sender = Message::minimal();
  no_sender.envelope.erase(19, 19);
  EXPECT_EQ(error_of(no_sender.bytes()), "QID: message rejected: missing sender record");
  EXPECT_EQ(error_of(Message::minimal().bytes(true, false)),
            "QID: message rejected: missing end record");
  EXPECT_EQ(error_of(""), "QID: message rejected: missing end record");
}

TEST(QueueFile, WrongNumbersShowWhenTheTextIsSkipped) {
  EXPECT_EQ(error_of(Message::minimal().bytes(false)), "Unexpected record type 'N' at offset 57");
  Message wrong_offset = Message::minimal();
  wrong_offset.wrong_offset = 2;
  EXPECT_EQ(error_of(wrong_offset.bytes()), "Unexpected record type 'N' at offset 154");
  Message wrong_span = Message::minimal();
  wrong_span.wrong_span = -6;
  EXPECT_EQ(error_of(wrong_span.bytes()), "Unexpected record type 'N' at offset 169");
  Message far = Message::minimal();
  far.wrong_span = 10000;
  EXPECT_EQ(error_of(far.bytes()), "QID: message rejected: missing end record");
}

TEST(QueueFile, UnknownTypesAndFlagsAreCorrupt) {
  Message unknown = Message::minimal();
  unknown.envelope += rec(static_cast<RecordType>('Z'), "x");
  EXPECT_EQ(error_of(unknown.bytes()), "Unexpected record type 'Z' at offset 152");
  Message flags = Message::minimal();
  flags.flags = 32;
  EXPECT_NE(error_of(flags.bytes()).find("QID: invalid flags in size record: "), std::string::npos);
  Message attribute = Message::minimal();
  attribute.envelope += rec(RecordType::Attribute, "novalue");
  EXPECT_NE(error_of(attribute.bytes()), "no error");
}

TEST(QueueFile, EveryTruncationIsNoticed) {
  test::LogCapture::expect("unexpected EOF");
  const std::string whole = Message::minimal().bytes();
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(error_of(whole.substr(0, length)), "no error") << length;
}

TEST(QueueFile, EveryDamagedByteEndsInAnAnswer) {
  const std::string whole = Message::minimal().bytes();
  test::LogCapture::expect("active/QID: ");
  test::LogCapture::expect("QID: ");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char byte : {'\0', '\x7f', '\x80', '\xff', 'p', 'M', 'E'}) {
      std::string damaged = whole;
      damaged[at] = byte;
      (void)read(damaged);  // what counts is that it comes back
    }
  }
}

std::string text_of(const std::string& records, std::int64_t offset = 0) {
  const util::UniqueFd fd = file_with(records);
  TextReader reader(fd.get(), "active/QID", offset);
  std::string text;
  for (;;) {
    const auto piece = reader.next();
    if (!piece) return text + "! " + piece.error().what;
    if (!*piece) return text;
    text += std::string((*piece)->text) + ((*piece)->ends_line ? "\n" : "~");
  }
}

TEST(QueueFile, GivesTheTextLineByLine) {
  EXPECT_EQ(
      text_of(rec(RecordType::Line, "a") + rec(RecordType::Piece, "long") +
              rec(RecordType::Deleted, "gone") + rec(RecordType::Line, "er") +
              rec(RecordType::Line) + rec(RecordType::Piece, "last") + rec(RecordType::Extracted)),
      "a\nlong~er\n\nlast~");
}

TEST(QueueFile, ATextThatDoesNotEndInXIsCorrupt) {
  EXPECT_EQ(text_of(rec(RecordType::Line, "a") + rec(RecordType::End)),
            "a\n! active/QID: Unexpected record type 'E' at offset 3");
  EXPECT_EQ(text_of(rec(RecordType::Line, "a")), "a\n! active/QID: end of file");
}

}  // namespace
}  // namespace handoff::global
