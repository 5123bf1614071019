#include "util/text_file.h"

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/log.h"

namespace handoff::util {
namespace {

using test::LogCapture;

std::vector<std::string> texts(std::string_view text) {
  std::vector<std::string> result;
  for (const LogicalLine& line : logical_lines(text, "file"))
    result.push_back(std::to_string(line.number) + ":" + line.text);
  return result;
}

TEST(LogicalLines, BlanksContinueAndCommentsDoNotEnd) {
  const std::vector<std::string> expected{"2:a = [x   y]", "7:b # data"};
  EXPECT_EQ(texts("# c\na = [x\n\n  # c\n   y]\n   \nb # data"), expected);
}

TEST(LogicalLines, AreNoneInAnEmptyFile) {
  EXPECT_TRUE(texts("").empty());
  EXPECT_TRUE(texts("\n \n\t# x\n").empty());
}

TEST(LogicalLines, CannotBeginWithAContinuation) {
  LogCapture::expect("warning: file: logical line must not start with whitespace: \" x y\"");
  EXPECT_EQ(texts(" x\n# c\n y\na\n"), std::vector<std::string>{"4:a"});
}

TEST(LogicalLines, KeepNulBytesAndSurviveEverything) {
  const std::string hostile("a\0b\n\r\n\xff\xfe\n \0\n", 12);
  EXPECT_EQ(texts(hostile).size(), 2U);
}

TEST(TextFile, IsReadWhole) {
  const test::TemporaryDirectory directory;
  const std::string content(100'000, 'x');
  directory.write("big", content);
  EXPECT_EQ(*read_text_file(directory.path("big")), content);
}

TEST(TextFile, NamesWhatCannotBeRead) {
  EXPECT_EQ(read_text_file("/nonexistent/x").error().what,
            "open /nonexistent/x: No such file or directory");
  EXPECT_EQ(read_text_file("/tmp").error().what, "read /tmp: Is a directory");
}

}  // namespace
}  // namespace handoff::util
