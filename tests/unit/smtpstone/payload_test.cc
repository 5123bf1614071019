#include "smtpstone/payload.h"

#include <gtest/gtest.h>

namespace handoff::smtpstone {
namespace {

TEST(Payload, GetsLineEndsAndDotStuffing) {
  EXPECT_EQ(wire_text("a\n.b\r\n\n..\nend"), "a\r\n..b\r\n\r\n...\r\nend\r\n");
  EXPECT_EQ(wire_text(""), "");
}

TEST(Payload, FillerHasTheSizeThatWasAskedFor) {
  for (const std::size_t size : {1u, 2u, 3u, 79u, 80u, 81u, 82u, 200u, 1024u, 100001u}) {
    const std::string text = filler(size);
    EXPECT_EQ(text.size(), size);
    EXPECT_TRUE(size == 1 || text.ends_with("\r\n")) << size;
    EXPECT_EQ(wire_text(text), size == 1 ? "X\r\n" : text) << "no line needs a change";
  }
  EXPECT_EQ(filler(162).substr(78, 4), "\r\n2X");
}

}  // namespace
}  // namespace handoff::smtpstone
