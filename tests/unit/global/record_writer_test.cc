#include "global/record_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "support/files.h"

namespace handoff::global {
namespace {

TEST(RecordWriter, WritesNothingBeforeItIsAsked) {
  const auto fd = test::file_with("");
  RecordWriter writer(fd.get(), "q");
  writer.put(RecordType::Sender, "alice");
  EXPECT_EQ(writer.position(), 7);
  EXPECT_EQ(test::content_of(fd.get()), "");
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(test::content_of(fd.get()),
            "S\x05"
            "alice");
}

TEST(RecordWriter, OverwritesWhatIsKeptAndWhatIsWritten) {
  const auto fd = test::file_with("");
  RecordWriter writer(fd.get(), "q");
  writer.put(RecordType::Size, "old");
  writer.overwrite(2, "new");
  ASSERT_TRUE(writer.flush());
  writer.overwrite(3, "ow");
  writer.put(RecordType::End);
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(test::content_of(fd.get()), std::string("C\x03now"
                                                    "E\0",
                                                    7));
}

TEST(RecordWriter, CutsTextIntoPieces) {
  const auto fd = test::file_with("");
  RecordWriter writer(fd.get(), "q");
  writer.put_text(RecordType::Line, "abcdefg", 3);
  writer.put_text(RecordType::Piece, "xyz", 3);
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(test::content_of(fd.get()),
            "L\x03"
            "abcL\x03"
            "defN\x01gL\x03xyz");
}

TEST(RecordWriter, StopsAtTheLimitAndSaysSo) {
  const auto fd = test::file_with("");
  RecordWriter writer(fd.get(), "q", 10);
  writer.put(RecordType::Line, "12345678");
  EXPECT_FALSE(writer.failed());
  writer.put(RecordType::End);
  EXPECT_TRUE(writer.failed());
  EXPECT_EQ(writer.flush().error().kind, Error::Kind::Limit);
}

TEST(RecordWriter, AFullDiskIsAnError) {
  const util::UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  RecordWriter writer(full.get(), "q");
  writer.put(RecordType::Line, "x");
  EXPECT_EQ(writer.flush().error().code, ENOSPC);
  EXPECT_EQ(writer.flush().error().code, ENOSPC);
}

}  // namespace
}  // namespace handoff::global
