#include "sendmail/input.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/files.h"

namespace handoff::sendmail {
namespace {

using global::RecordType;

std::string show(RecordType type, std::string_view text) {
  return std::string(text) + (type == RecordType::Line ? "|" : "~");
}

std::string split(std::string_view text, std::size_t piece, std::size_t limit = 4) {
  std::string seen;
  LineSplitter lines(limit,
                     [&](RecordType type, std::string_view part) { seen += show(type, part); });
  for (std::size_t at = 0; at < text.size(); at += piece) lines.feed(text.substr(at, piece));
  lines.finish();
  return seen;
}

std::string read(std::string_view text, bool ignore_dots) {
  const auto fd = test::file_with(text);
  lseek(fd.get(), 0, SEEK_SET);
  std::string seen;
  EXPECT_TRUE(read_text(fd.get(), ignore_dots, 100,
                        [&](RecordType type, std::string_view part) { seen += show(type, part); }));
  return seen;
}

TEST(SendmailInput, SplitsIntoLinesAndPiecesHoweverItArrives) {
  for (std::size_t piece = 1; piece < 12; ++piece) {
    EXPECT_EQ(split("ab\n\ncdefghij\nkl", piece), "ab||cdef~ghij~|kl~");
    EXPECT_EQ(split("abc\r\nd\r\r\ne\rf\n", piece), "abc|d|e\rf|");
    EXPECT_EQ(split("abcd\nabcde\n", piece), "abcd~|abcd~e|");
    EXPECT_EQ(split("", piece), "");
  }
}

TEST(SendmailInput, ALineWithADotEndsTheMessageUnlessToldOtherwise) {
  EXPECT_EQ(read("a\n.\nb\n", false), "a|");
  EXPECT_EQ(read("a\n.\nb\n", true), "a|.|b|");
  EXPECT_EQ(read("a\n..\n. \n.\r\nb", false), "a|..|. |");
  EXPECT_EQ(read("a\n.", false), "a|.~");
}

TEST(SendmailInput, LeavesOutWhatMailboxFilesPutFirst) {
  EXPECT_EQ(read("From joe Mon\nSubject: x\n\nFrom y\n", true), "Subject: x||From y|");
  EXPECT_EQ(read(">From joe\nx\n", true), "x|");
  EXPECT_EQ(read("From: joe\n", true), "From: joe|");
}

}  // namespace
}  // namespace handoff::sendmail
