#include "smtpstone/dot_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace handoff::smtpstone {
namespace {

struct Decoded {
  std::string text;
  std::string rest;  // what follows the end
  bool ended = false;

  bool operator==(const Decoded&) const = default;
};

// Fed in pieces of `step` bytes.
Decoded decode(std::string_view wire, std::size_t step) {
  DotText decoder;
  Decoded out;
  while (!wire.empty() && !decoder.ended()) {
    const std::string_view piece = wire.substr(0, step);
    const std::size_t taken = decoder.decode(piece, [&](std::string_view run) { out.text += run; });
    EXPECT_TRUE(taken == piece.size() || decoder.ended());
    wire.remove_prefix(taken);
  }
  out.rest = wire;
  out.ended = decoder.ended();
  return out;
}

void expect_decoded(std::string_view wire, const Decoded& expected) {
  for (const std::size_t step : {1u, 2u, 3u, 4u, 5u, 7u, 100u}) {
    SCOPED_TRACE(step);
    EXPECT_EQ(decode(wire, step).text, expected.text);
    EXPECT_EQ(decode(wire, step).rest, expected.rest);
    EXPECT_EQ(decode(wire, step).ended, expected.ended);
  }
}

TEST(DotText, EndsAtTheLineThatIsOnlyADot) {
  expect_decoded("a\r\nb\r\n.\r\nQUIT\r\n", {"a\r\nb\r\n", "QUIT\r\n", true});
}

TEST(DotText, MayBeEmpty) {
  expect_decoded(".\r\n", {"", "", true});
}

TEST(DotText, TakesOneDotFromTheBeginningOfEachLine) {
  expect_decoded("..\r\n...x\r\n.y\r\na..b\r\n.\r\n", {".\r\n..x\r\ny\r\na..b\r\n", "", true});
}

TEST(DotText, IsNotEndedByBareLineFeedsOrReturns) {
  expect_decoded("a\n.\n\r.\r\n\n.\r\r\n.\r\n", {"a\n.\n\r.\r\n\n.\r\r\n", "", true});
  expect_decoded("a\r\n.\n", {"a\r\n\n", "", false});
  expect_decoded("a\r\n.\rb\r\n.\r\n", {"a\r\n\rb\r\n", "", true});
}

TEST(DotText, KeepsWhatHasNotEnded) {
  expect_decoded("a\r\n", {"a\r\n", "", false});
  expect_decoded("a\r\n.", {"a\r\n", "", false});
  expect_decoded("a\r\n.\r", {"a\r\n", "", false});
}

}  // namespace
}  // namespace handoff::smtpstone
