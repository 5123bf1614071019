#include "global/record.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/files.h"

namespace handoff::global {
namespace {

using test::file_with;

std::string record(RecordType type, std::string_view data = {}) {
  std::string out;
  append_record(out, type, data);
  return out;
}

std::string pointer_to(std::int64_t offset) {
  return record(RecordType::Pointer, fixed_width_number(offset));
}

// "S=alice S=bob"; the error's text ends the list, unless it is the end of the file.
std::string read_all(std::string_view bytes) {
  const util::UniqueFd fd = file_with(bytes);
  RecordFile file(fd.get(), "q", 8);
  std::string seen;
  for (;;) {
    const auto next = file.next();
    if (!next) return seen + (next.error().kind == Error::Kind::Closed ? "" : next.error().what);
    seen += static_cast<char>(next->type);
    seen += "=" + std::string(next->data) + " ";
  }
}

TEST(Record, LengthIsLittleEndianBase128) {
  const auto prefix = [](std::size_t length) {
    return record(RecordType::Line, std::string(length, 'x'))
        .substr(1, record_size(length) - 1 - length);
  };
  EXPECT_EQ(prefix(0), std::string(1, '\0'));
  EXPECT_EQ(prefix(95), "\x5f");
  EXPECT_EQ(prefix(127), "\x7f");
  EXPECT_EQ(prefix(128), "\x80\x01");
  EXPECT_EQ(prefix(904), "\x88\x07");
  EXPECT_EQ(prefix(2048), "\x80\x10");
}

TEST(Record, ReadsWhatWasWrittenWhateverTheChunk) {
  std::string bytes = record(RecordType::Sender, "alice@example.org");
  bytes += record(RecordType::Line, std::string(5000, 'x'));
  bytes += record(RecordType::Line, std::string("\0nul", 4));
  bytes += record(RecordType::End);
  const util::UniqueFd fd = file_with(bytes);
  for (const std::size_t chunk : {1U, 2U, 7U, 4096U, 65536U}) {
    RecordFile file(fd.get(), "q", chunk);
    EXPECT_EQ(file.next()->data, "alice@example.org");
    EXPECT_EQ(file.next()->data.size(), 5000U);
    EXPECT_EQ(file.next()->data, std::string_view("\0nul", 4));
    const auto end = file.next();
    EXPECT_EQ(end->type, RecordType::End);
    EXPECT_EQ(end->offset, static_cast<off_t>(bytes.size() - 2));
    EXPECT_EQ(file.next().error().kind, Error::Kind::Closed);
  }
}

TEST(Record, FollowsPointersAndTellsTheOffsetOfWhatItFinds) {
  const std::string sender = record(RecordType::Sender, "old@example");
  std::string bytes = pointer_to(0) + pointer_to(0);
  const auto tail = static_cast<std::int64_t>(17 * 3 + 6 + 2);
  bytes += pointer_to(tail) + "stray." + record(RecordType::End);
  ASSERT_EQ(bytes.size(), static_cast<std::size_t>(tail));
  bytes += record(RecordType::Sender, "new@example") + pointer_to(17 * 3 + 6);
  const util::UniqueFd fd = file_with(bytes);
  RecordFile file(fd.get(), "q");
  const auto found = file.next();
  EXPECT_EQ(found->data, "new@example");
  EXPECT_EQ(found->offset, tail);
  EXPECT_EQ(file.next()->type, RecordType::End);
}

TEST(Record, StopsWhenPointersFormALoop) {
  EXPECT_EQ(read_all(record(RecordType::Killed) + pointer_to(2)),
            "K= q: too many reverse jump records");
  std::string self = record(RecordType::Killed);
  EXPECT_NE(read_all(self + record(RecordType::Line, "x") + pointer_to(2))
                .find("too many reverse jump records"),
            std::string::npos);
}

TEST(Record, RefusesMalformedPointers) {
  EXPECT_EQ(read_all(record(RecordType::Pointer, "hello")),
            "q: malformed pointer record value: hello");
  EXPECT_EQ(read_all(record(RecordType::Pointer, "-1")), "q: malformed pointer record value: -1");
  EXPECT_EQ(read_all(pointer_to(100000)), "");  // as in stock, this is the end of the file
  EXPECT_NE(read_all(record(RecordType::Pointer, "9223372036854775807")), "");
}

TEST(Record, TellsWhereAFileWasCut) {
  EXPECT_EQ(read_all("S"), "q: unexpected EOF reading length, record type 83");
  EXPECT_EQ(read_all("S\x80"), "q: unexpected EOF reading length, record type 83");
  EXPECT_EQ(read_all("S\x10"
                     "abc"),
            "q: unexpected EOF in data, record type 83 length 16");
  EXPECT_EQ(read_all("S\xff\xff\xff\x7f"),
            "q: unexpected EOF in data, record type 83 length 268435455");
}

TEST(Record, RefusesImpossibleLengths) {
  EXPECT_EQ(read_all("S\xff\xff\xff\xff\xff\x7f"), "q: too many length bits, record type 83");
  EXPECT_EQ(read_all("S\xff\xff\xff\xff\x7f"), "q: illegal length -1, record type 83");
}

TEST(RecordDecoder, TakesBytesInAnyPieces) {
  std::string bytes = record(RecordType::Sender, "alice") + record(RecordType::Line, "") +
                      record(RecordType::Line, std::string(300, 'y'));
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    RecordDecoder decoder;
    std::vector<std::size_t> lengths;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      decoder.feed(std::string_view(bytes).substr(at, piece));
      while (const auto next = *decoder.next()) lengths.push_back(next->data.size());
    }
    EXPECT_EQ(lengths, (std::vector<std::size_t>{5, 0, 300}));
    EXPECT_FALSE(decoder.in_record());
  }
}

TEST(RecordDecoder, RefusesWhatIsLongerThanAskedFor) {
  RecordDecoder decoder(10);
  decoder.feed(record(RecordType::Line, "0123456789") + "N\x0b");
  EXPECT_TRUE(decoder.next()->has_value());
  EXPECT_EQ(decoder.next().error().kind, Error::Kind::Limit);
}

}  // namespace
}  // namespace handoff::global
