#include "global/mime_structure.h"

#include <gtest/gtest.h>

namespace handoff::global {
namespace {

using Next = MimeStructure::Next;

class MimeStructureTest : public testing::Test {
 protected:
  void multipart(std::string_view boundary) {
    structure.on_header("Content-Type", " multipart/mixed; boundary=" + std::string(boundary));
    EXPECT_EQ(structure.on_blank_line(), Next::Text);
  }
  MimeStructure structure{{3, 2048}};
};

TEST_F(MimeStructureTest, PlainTextHasNoParts) {
  EXPECT_EQ(structure.on_blank_line(), Next::Text);
  EXPECT_EQ(structure.on_text_line("--foo"), Next::Text);
}

TEST_F(MimeStructureTest, EachBoundaryBeginsAHeader) {
  multipart("foo");
  EXPECT_EQ(structure.on_text_line("preamble"), Next::Text);
  EXPECT_EQ(structure.on_text_line("--foo"), Next::Headers);
  EXPECT_EQ(structure.on_blank_line(), Next::Text);
  EXPECT_EQ(structure.on_text_line("--foo"), Next::Headers);
  EXPECT_EQ(structure.on_blank_line(), Next::Text);
  EXPECT_EQ(structure.on_text_line("--foo--"), Next::Text);
  EXPECT_EQ(structure.on_text_line("--foo"), Next::Text);
}

TEST_F(MimeStructureTest, AnOuterBoundaryEndsWhatIsWithin) {
  multipart("outer");
  EXPECT_EQ(structure.on_text_line("--outer"), Next::Headers);
  multipart("inner");
  EXPECT_EQ(structure.on_text_line("--inner"), Next::Headers);
  EXPECT_EQ(structure.on_blank_line(), Next::Text);
  EXPECT_EQ(structure.on_text_line("--outer"), Next::Headers);
  EXPECT_EQ(structure.on_blank_line(), Next::Text);
  EXPECT_EQ(structure.on_text_line("--inner"), Next::Text);
}

TEST_F(MimeStructureTest, AMessageWithinHasAHeader) {
  structure.on_header("content-type", "Message/RFC822");
  EXPECT_EQ(structure.on_blank_line(), Next::Headers);
  EXPECT_EQ(structure.on_blank_line(), Next::Text);
}

TEST_F(MimeStructureTest, NotesWhatIsDeclaredAs8Bit) {
  structure.on_header("Content-Transfer-Encoding", " base64");
  EXPECT_FALSE(structure.is_8bit());
  structure.on_header("Content-Transfer-Encoding", " 8bit (really)");
  EXPECT_FALSE(structure.is_8bit());
  structure.on_header("Content-Transfer-Encoding", " Binary");
  EXPECT_TRUE(structure.is_8bit());
}

TEST_F(MimeStructureTest, DoesNotGoDeeperThanTheLimit) {
  for (const char* boundary : {"a", "b", "c", "d"}) multipart(boundary);
  EXPECT_EQ(structure.on_text_line("--d"), Next::Text);
  EXPECT_EQ(structure.on_text_line("--c"), Next::Headers);
}

TEST_F(MimeStructureTest, SurvivesHostileValues) {
  for (const char* value : {"", "/", "multipart/", "multipart/x;", "multipart/x; boundary", "((((",
                            "multipart/x; boundary=", "multipart/x; boundary=\"", "\\",
                            "multipart/(", "multipart/x; boundary=\"\\"})
    structure.on_header("Content-Type", value);
  (void)structure.on_blank_line();
  (void)structure.on_text_line("--");
}

}  // namespace
}  // namespace handoff::global
