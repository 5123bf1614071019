#include "smtpstone/source_options.h"

#include <gtest/gtest.h>

#include "smtpstone/message_supply.h"

namespace handoff::smtpstone {
namespace {

using namespace std::chrono_literals;

TEST(SourceOptions, TakesAServerWithOrWithoutAPort) {
  const auto plain = parse_source_options({"localhost"});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->server, (TransportAddress{false, "", "localhost", "smtp"}));
  EXPECT_EQ(parse_source_options({"inet:[::1]:2525"})->server,
            (TransportAddress{false, "", "::1", "2525"}));
  EXPECT_EQ(parse_source_options({"unix:/x"})->server, (TransportAddress{true, "/x", "", ""}));
  EXPECT_EQ(parse_source_options({}).error().what, "one server is needed");
  EXPECT_EQ(parse_source_options({"a", "b"}).error().what, "one server is needed");
}

TEST(SourceOptions, UnderstandsCountsAndPauses) {
  const auto options =
      parse_source_options({"-dNc", "-m", "100", "-s", "5", "-r2", "-R", "0.5", "host"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->messages, 100);
  EXPECT_EQ(options->sessions, 5);
  EXPECT_EQ(options->recipients_per_message, 2);
  EXPECT_EQ(options->pause, 500ms);
  EXPECT_TRUE(options->random_pause && options->keep_connection && options->show_counter);
  EXPECT_EQ(parse_source_options({"-m", "0", "host"}).error().what,
            "-m: \"0\" is not a number from 1 to 2147483647");
}

std::vector<std::string> recipients(const std::vector<std::string>& words, int skip = 0) {
  const auto options = parse_source_options(words);
  auto supply = MessageSupply::make(*options, "me");
  for (int i = 0; i < skip; ++i) (void)supply->next();
  return supply->next().recipients;
}

using Words = std::vector<std::string>;

TEST(MessageSupply, NumbersRecipients) {
  EXPECT_EQ(recipients({"host"}), Words{"foo@me"});
  EXPECT_EQ(recipients({"-t", "x@y", "-r", "2", "host"}, 1), (Words{"1x@y", "2x@y"}));
  EXPECT_EQ(recipients({"-t", "x@y", "-r", "2", "-N", "host"}, 1), (Words{"3x@y", "4x@y"}));
}

TEST(MessageSupply, GivesOutAsManyAsWereAskedFor) {
  const auto options = parse_source_options({"-m", "2", "host"});
  auto supply = MessageSupply::make(*options, "me");
  EXPECT_TRUE(supply->reserve() && supply->reserve());
  EXPECT_FALSE(supply->reserve());
}

TEST(MessageSupply, WritesHeadersUnlessInOldMode) {
  auto options = parse_source_options({"-S", "hi", "-f", "", "-l", "80", "host"});
  const std::string text = MessageSupply::make(*options, "me")->next().text;
  EXPECT_EQ(text.find("From: <>\r\nTo: <foo@me>\r\nDate: "), 0u);
  EXPECT_NE(text.find("@me>\r\nSubject: hi\r\n\r\n1XXX"), std::string::npos);
  options = parse_source_options({"-o", "-l", "80", "host"});
  EXPECT_EQ(MessageSupply::make(*options, "me")->next().text.size(), 80u);
}

TEST(MessageSupply, SaysWhichFileIsMissing) {
  const auto options = parse_source_options({"-F", "/missing", "host"});
  EXPECT_EQ(MessageSupply::make(*options, "me").error().what,
            "open /missing: No such file or directory");
}

}  // namespace
}  // namespace handoff::smtpstone
