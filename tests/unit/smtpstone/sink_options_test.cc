#include "smtpstone/sink_options.h"

#include <gtest/gtest.h>

namespace handoff::smtpstone {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

SinkOptions parsed(Words words) {
  words.insert(words.end(), {"127.0.0.1:0", "100"});
  const auto options = parse_sink_options(words);
  EXPECT_TRUE(options) << options.error().what;
  return options ? *options : SinkOptions();
}

std::string complaint(Words words, bool with_address = true) {
  if (with_address) words.insert(words.end(), {"127.0.0.1:0", "100"});
  const auto options = parse_sink_options(words);
  return options ? "none" : options.error().what;
}

TEST(SinkOptions, TakesSeveralAddressesAndABacklog) {
  const auto options =
      parse_sink_options({"127.0.0.1:0", "[::1]:25", "unix:/s", "inet::smtp", "9"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->backlog, 9);
  const std::vector<TransportAddress> expected{{false, "", "127.0.0.1", "0"},
                                               {false, "", "::1", "25"},
                                               {true, "/s", "", ""},
                                               {false, "", "", "smtp"}};
  EXPECT_EQ(options->addresses, expected);
}

TEST(SinkOptions, SaysWhatIsMissing) {
  EXPECT_EQ(complaint({}, false), "an address and a backlog are needed");
  EXPECT_EQ(complaint({"127.0.0.1:25"}, false), "an address and a backlog are needed");
  EXPECT_EQ(complaint({":25", ":26"}, false),
            "backlog: \":26\" is not a number from 1 to 2147483647");
  EXPECT_EQ(complaint({"25", "100"}, false), "25: not [host]:port, host:port or unix:path");
  EXPECT_EQ(complaint({"[::1:25", "100"}, false), "[::1:25: missing \"]\"");
}

TEST(SinkOptions, SwitchesExtensionsOff) {
  const Policy policy = parsed({"-8aCEFNp", "-h", "foo"}).policy;
  EXPECT_FALSE(policy.offer_8bitmime || policy.offer_auth || policy.offer_xclient ||
               policy.offer_enhanced_status_codes || policy.offer_xforward || policy.offer_dsn ||
               policy.offer_pipelining);
  EXPECT_EQ(policy.host, "foo");
}

TEST(SinkOptions, SwitchesOursOn) {
  const Policy policy = parsed({"--offer=smtputf8,CHUNKING,size=1000"}).policy;
  EXPECT_TRUE(policy.offer_smtputf8 && policy.offer_chunking && policy.offer_size);
  EXPECT_EQ(policy.message_size_limit, 1000u);
  EXPECT_EQ(complaint({"--offer=starttls"}),
            "--offer: starttls: can offer smtputf8, chunking, size and size=bytes");
}

TEST(SinkOptions, RefusesAndHangsUpAtCommandsWithOdds) {
  const Policy policy =
      parsed({"-r", "mail, Rcpt:20", "-f", ".", "-q", "CONNECT:1", "-Q", "quit"}).policy;
  EXPECT_EQ(policy.rules[Command::Mail].refuse_soft, 100);
  EXPECT_EQ(policy.rules[Command::Rcpt].refuse_soft, 20);
  EXPECT_EQ(policy.rules[Command::EndOfText].refuse_hard, 100);
  EXPECT_EQ(policy.rules[Command::Connect].hang_up, 1);
  EXPECT_EQ(policy.rules[Command::Quit].shut_down, 100);
  EXPECT_FALSE(policy.offer_pipelining);
  EXPECT_EQ(complaint({"-q", "foo"}), "-q: unknown command: foo");
  EXPECT_EQ(complaint({"-r", "mail:101"}), "-r: \"101\" is not a number from 1 to 100");
}

TEST(SinkOptions, UnderstandsTimes) {
  const SinkOptions options =
      parsed({"-w", "2", "-W", "rcpt:0.25:30", "-t", "1m", "--reply-delay=20ms", "-A", "0"});
  EXPECT_EQ(options.policy.rules[Command::Data].wait, 2s);
  EXPECT_EQ(options.policy.rules[Command::Rcpt].wait, 250ms);
  EXPECT_EQ(options.policy.rules[Command::Rcpt].wait_again, 30);
  EXPECT_EQ(options.time_limit, 1min);
  EXPECT_EQ(options.reply_delay, 20ms);
  EXPECT_EQ(options.policy.break_off_text, 0ms);
  EXPECT_EQ(complaint({"-t", "soon"}), "-t: \"soon\" is not a time: 2, 0.5, 20ms, 3s, 1m");
  EXPECT_EQ(complaint({"-t", "1.2.3"}), "-t: \"1.2.3\" is not a time: 2, 0.5, 20ms, 3s, 1m");
  EXPECT_EQ(complaint({"-W", "rcpt:1:100"}), "-W: \"100\" is not a number from 1 to 99");
}

TEST(SinkOptions, WantsRepliesThatAreReplies) {
  EXPECT_EQ(parsed({"-b", "451 4.1.1 no"}).policy.soft_reply, "451 4.1.1 no");
  EXPECT_EQ(complaint({"-B", "451 no"}), "-B: \"451 no\" is not a reply \"5xx text\"");
}

TEST(SinkOptions, ResolvesEscapes) {
  EXPECT_EQ(parsed({"-d", "x", "-S", "a\\n\\101\\\\"}).dump_start, "a\nA\\");
  EXPECT_EQ(complaint({"-S", "\\q"}), "-S: unknown escape sequence");
}

TEST(SinkOptions, NamesTheOptionThatItDoesNotKnow) {
  EXPECT_EQ(complaint({"-Z"}), "-Z: unknown option");
  EXPECT_EQ(complaint({"--frobnicate"}), "--frobnicate: unknown option");
  EXPECT_EQ(complaint({"-8Z"}), "-Z: unknown option");
  EXPECT_EQ(complaint({"-m"}, false), "-m: needs a value");
  EXPECT_EQ(complaint({"--store"}, false), "--store: needs a value");
}

}  // namespace
}  // namespace handoff::smtpstone
