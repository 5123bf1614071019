#include "util/line_document.h"

#include <gtest/gtest.h>

namespace handoff::util {
namespace {

const std::string kText =
    "# top\n"
    "a = 1\n"
    "  # in a\n"
    "\n"
    "\tmore\n"
    "b = 2\r\n"
    "  \n"
    "c = 3";

TEST(LineDocument, UnchangedIsTheSameBytes) {
  for (const std::string& text :
       {kText, std::string(), std::string("\n"), std::string("  stray\na\0b\n", 12),
        std::string("x"), std::string("\xff\r\n\n\n y")}) {
    EXPECT_EQ(LineDocument(text).text(), text);
  }
}

TEST(LineDocument, KnowsEntriesAndTheirLines) {
  const LineDocument document(kText);
  ASSERT_EQ(document.entries().size(), 3U);
  EXPECT_EQ(document.entries()[0].number, 2);
  EXPECT_EQ(document.entries()[0].text, "a = 1\tmore");
  EXPECT_EQ(document.first_line(document.entries()[0]), "a = 1");
  EXPECT_EQ(document.entries()[2].text, "c = 3");
}

TEST(LineDocument, ReplacesAnEntryAndKeepsTheCommentsInside) {
  LineDocument document(kText);
  document.replace(document.entries()[0], "a = new");
  EXPECT_EQ(document.text(), "# top\na = new\n  # in a\n\nb = 2\r\n  \nc = 3");
}

TEST(LineDocument, RemovesAnEntryAndKeepsTheCommentsInside) {
  LineDocument document(kText);
  document.remove(document.entries()[0]);
  document.remove(document.entries()[2]);
  EXPECT_EQ(document.text(), "# top\n  # in a\n\nb = 2\r\n  \n");
}

TEST(LineDocument, CommentsAllLinesOfAnEntry) {
  LineDocument document(kText);
  document.comment_out(document.entries()[0]);
  EXPECT_EQ(document.text(), "# top\n#a = 1\n  # in a\n\n#\tmore\nb = 2\r\n  \nc = 3");
  EXPECT_EQ(LineDocument(document.text()).entries().size(), 2U);
}

TEST(LineDocument, AppendsOnALineOfItsOwn) {
  LineDocument document(kText);
  document.append("d = 4");
  document.append("e = 5");
  EXPECT_TRUE(document.text().ends_with("\nc = 3\nd = 4\ne = 5\n"));
  LineDocument empty("");
  empty.append("d = 4");
  EXPECT_EQ(empty.text(), "d = 4\n");
}

TEST(LineDocument, BlanksBeforeTheFirstEntryBelongToNothing) {
  LineDocument document("  stray\n# c\n more\na\n");
  ASSERT_EQ(document.entries().size(), 1U);
  document.remove(document.entries()[0]);
  EXPECT_EQ(document.text(), "  stray\n# c\n more\n");
}

}  // namespace
}  // namespace handoff::util
