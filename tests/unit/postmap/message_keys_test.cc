#include "postmap/message_keys.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "util/text.h"

namespace handoff::postmap {
namespace {

using Keys = std::vector<std::string>;

constexpr std::string_view kMessage =
    "Subject: a\n b\nContent-Type: multipart/mixed; boundary=foo\n\n--foo\nX: y\n\ntext\n--foo--";

Keys keys_of(std::string_view message, MessageKeys::Wanted wanted) {
  Keys keys;
  MessageKeys reader(wanted, [&](const std::string& key) { keys.push_back(key); });
  while (true) {
    const std::size_t end = message.find('\n');
    reader.line(message.substr(0, end));
    if (end == std::string_view::npos) break;
    message.remove_prefix(end + 1);
  }
  reader.end();
  return keys;
}

TEST(MessageKeys, AreHeadersWithTheirContinuationLines) {
  EXPECT_EQ(keys_of(kMessage, {.headers = true}),
            (Keys{"Subject: a\n b", "Content-Type: multipart/mixed; boundary=foo"}));
}

TEST(MessageKeys, AreHeadersOfBodyPartsToo) {
  EXPECT_EQ(keys_of(kMessage, {.headers = true, .mime = true}).back(), "X: y");
}

TEST(MessageKeys, AreLinesOfText) {
  EXPECT_EQ(keys_of(kMessage, {.body = true}), (Keys{"", "--foo", "X: y", "", "text", "--foo--"}));
  EXPECT_EQ(keys_of(kMessage, {.body = true, .mime = true}),
            (Keys{"", "--foo", "", "text", "--foo--"}));
}

TEST(MessageKeys, TextMayBeginWithoutABlankLine) {
  EXPECT_EQ(keys_of("no header\nb", {.headers = true, .body = true}), (Keys{"", "no header", "b"}));
}

}  // namespace
}  // namespace handoff::postmap
