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

TEST(LogicalLines, EndBeforeANulAndSurviveEverything) {
  const std::string hostile("a\0b\n c\n\r\n\xff\xfe\n \0\n\0", 16);
  EXPECT_EQ(texts(hostile), (std::vector<std::string>{"1:a", "4:\xff\xfe ", "6:"}));
}

std::vector<std::string> texts_of_file(const std::string& path) {
  std::vector<std::string> result;
  auto file = LogicalLineFile::open(path);
  if (!file) return {file.error().what};
  while (true) {
    const auto line = file->next();
    if (!line) return {line.error().what};
    if (!*line) return result;
    result.push_back(std::to_string((*line)->number) + ":" + (*line)->text);
  }
}

TEST(LogicalLines, AreTheSameWhenReadOneByOne) {
  const test::TemporaryDirectory directory;
  const std::string nul("a\0b\n c\n", 7);
  for (const std::string& text :
       {std::string("# c\na = [x\n\n  # c\n   y]\n   \nb # data"), nul, std::string(),
        std::string("\n"), std::string("a\n b\n\n\nc\n")}) {
    directory.write("lines", text);
    EXPECT_EQ(texts_of_file(directory.path("lines")), texts(text));
  }
  LogCapture::expect("warning: " + directory.path("lines") +
                     ": logical line must not start with whitespace: \" x y\"");
  directory.write("lines", " x\n# c\n y\na\n");
  EXPECT_EQ(texts_of_file(directory.path("lines")), std::vector<std::string>{"4:a"});
}

TEST(LogicalLines, OfWhatCannotBeRead) {
  EXPECT_EQ(texts_of_file("/nonexistent/x"),
            std::vector<std::string>{"open /nonexistent/x: No such file or directory"});
  EXPECT_EQ(texts_of_file("/tmp"), std::vector<std::string>{"read /tmp: Is a directory"});
}

TEST(LogicalLines, TellHowFarTheyAreAndWhetherTheFileChanged) {
  const test::TemporaryDirectory directory;
  directory.write("lines", "a\nb\n");
  auto file = LogicalLineFile::open(directory.path("lines"));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size(), 4U);
  EXPECT_EQ((*file->next())->text, "a");
  EXPECT_EQ(file->position(), 4U);  // only the next line shows that this one has ended
  EXPECT_FALSE(*file->changed());
  directory.write("lines", "a\nb\nc\n");
  EXPECT_TRUE(*file->changed());
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
