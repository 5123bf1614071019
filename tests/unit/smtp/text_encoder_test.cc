#include "smtp/text_encoder.h"

#include <gtest/gtest.h>

namespace handoff::smtp {
namespace {

std::string encoded(std::initializer_list<std::pair<std::string, bool>> pieces,
                    std::size_t limit = 0) {
  TextEncoder encoder(limit);
  std::string out;
  for (const auto& [text, ends_line] : pieces) encoder.add(text, ends_line, out);
  encoder.finish(out);
  return out;
}

TEST(TextEncoderTest, EndsLines) {
  EXPECT_EQ(encoded({{"Subject: x", true}, {"", true}, {"body", true}}),
            "Subject: x\r\n\r\nbody\r\n");
}

TEST(TextEncoderTest, DoublesLeadingDots) {
  EXPECT_EQ(encoded({{".", true}, {"..a", true}, {"a.", true}, {" .", true}}),
            "..\r\n...a\r\na.\r\n .\r\n");
}

TEST(TextEncoderTest, JoinsPieces) {
  EXPECT_EQ(encoded({{"a", false}, {".b", false}, {"", true}, {"", false}, {".c", true}}),
            "a.b\r\n.c\r\n");
}

TEST(TextEncoderTest, CompletesTheLastLine) {
  EXPECT_EQ(encoded({{"a", false}}), "a\r\n");
  EXPECT_EQ(encoded({}), "");
}

TEST(TextEncoderTest, FoldsLongLines) {
  EXPECT_EQ(encoded({{"123456789012", true}}, 5), "12345\r\n 6789\r\n 012\r\n");
}

TEST(TextEncoderTest, FoldsAcrossPieces) {
  EXPECT_EQ(encoded({{"1234", false}, {"5678", false}, {"9012", true}}, 5),
            "12345\r\n 6789\r\n 012\r\n");
}

}  // namespace
}  // namespace handoff::smtp
