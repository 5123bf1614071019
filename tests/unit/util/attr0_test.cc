#include "util/attr0.h"

#include <gtest/gtest.h>

#include "support/log.h"
#include "support/sockets.h"

namespace handoff::util::attr0 {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::LogCapture;

// The wish list of spec/ipc.md 2.2.
struct Wish {
  std::string a;
  int n = -7;
  static constexpr auto kFields = std::tuple{Field{"a", &Wish::a}, Field{"n", &Wish::n}};
};

struct Blob {
  std::string bytes;
  [[nodiscard]] std::string to_bytes() const { return bytes; }
  static Result<Blob> from_bytes(std::string_view bytes) { return Blob{std::string(bytes)}; }
};

struct Everything {
  Wish wish;
  std::int64_t number = 0;
  std::chrono::seconds ttl{};
  Blob blob;
  static constexpr auto kFields = std::tuple{
      Constant{"request", "all"}, Group{&Everything::wish}, Field{"number", &Everything::number},
      Field{"ttl", &Everything::ttl}, Field{"blob", &Everything::blob}};
};

TEST(Attr0, EncodesInWireOrder) {
  const Everything message{{"x", -1}, -1, 10s, {"whoopee"}};
  EXPECT_EQ(encode(message),
            "request\0all\0a\0x\0n\0004294967295\0number\00018446744073709551615\0"
            "ttl\00010\0blob\0d2hvb3BlZQ==\0\0"s);
}

TEST(Attr0, DecodesWhatItEncodes) {
  const Everything message{{"", 5}, -3, 7s, {"\0\xff"s}};
  const auto decoded = decode<Everything>(encode(message), "peer");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->wish.n, 5);
  EXPECT_EQ(decoded->number, -3);
  EXPECT_EQ(decoded->ttl, 7s);
  EXPECT_EQ(decoded->blob.bytes, message.blob.bytes);
}

TEST(Attr0, ForgivesASurplusAttributeBehindTheLast) {
  LogCapture::expect("unexpected attribute e from peer (expecting: (list terminator))");
  EXPECT_TRUE(decode<Wish>("a\0x\0n\0005\0e\0f\0\0"s, "peer"));
  EXPECT_EQ(LogCapture::lines().size(), 1u);
}

// --- What stock does not have.

struct Choice {
  std::chrono::milliseconds ttl{};
  std::optional<std::string> word;
  std::optional<Wish> wish;
  static constexpr auto kFields =
      std::tuple{Field{"ttl", &Choice::ttl}, Field{"word", &Choice::word}, Group{&Choice::wish}};
};

TEST(Attr0, LeavesOutWhatIsOptional) {
  EXPECT_EQ(encode(Choice{1500ms, {}, {}}), "ttl\0001500\0\0"s);
  EXPECT_EQ(encode(Choice{1500ms, {}, Wish{"x", 5}}), "ttl\0001500\0a\0x\0n\0005\0\0"s);
  const auto nothing = decode<Choice>(encode(Choice{-1ms, {}, {}}), "peer");
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->ttl, -1ms);
  EXPECT_FALSE(nothing->word || nothing->wish);
  const auto all = decode<Choice>(encode(Choice{5s, "", Wish{"x", 5}}), "peer");
  ASSERT_TRUE(all && all->word && all->wish);
  EXPECT_EQ(*all->word, "");
  EXPECT_EQ(all->wish->n, 5);
}

TEST(Attr0, WantsAnOptionalGroupWhole) {
  LogCapture::expect("missing attribute n in input from peer");
  EXPECT_FALSE(decode<Choice>("ttl\0005\0a\0x\0\0"s, "peer"));
}

TEST(ListReader, TellsSomebodyElseWhatIsWrong) {
  std::string complaint;
  const std::string list = "a\0x\0\0"s;
  ListReader reader(list, "peer", ListReader::Unknown::Refuse, &complaint);
  EXPECT_FALSE(reader.next("n"));
  EXPECT_EQ(complaint, "unexpected attribute a from peer (expecting: n)");
}

struct Malformed {
  std::string list;
  std::string complaint;
};

class Attr0Malformed : public testing::TestWithParam<Malformed> {};

TEST_P(Attr0Malformed, IsRefusedInStocksWords) {
  LogCapture::expect(GetParam().complaint);
  EXPECT_FALSE(decode<Wish>(GetParam().list, "peer"));
  EXPECT_TRUE(LogCapture::contains(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Lists, Attr0Malformed,
    testing::Values(
        Malformed{"a\0x\0\0"s, "missing attribute n in input from peer"},
        Malformed{"\0"s, "missing attribute a in input from peer"},
        Malformed{"n\0005\0a\0x\0\0"s, "unexpected attribute n from peer (expecting: a)"},
        Malformed{"a\0x\0a\0y\0n\0005\0\0"s, "unexpected attribute a from peer (expecting: n)"},
        Malformed{"a\0x\0n\00010x\0\0"s,
                  "malformed numerical data from peer while reading input attribute value: 10x"},
        Malformed{"a\0x\0n\0\0\0"s,
                  "malformed numerical data from peer while reading input attribute value: "}));

TEST(Attr0, ReadsNumbersAsStockDoes) {
  EXPECT_EQ(parse_number(" 5"), 5u);
  EXPECT_EQ(parse_number("+5"), 5u);
  EXPECT_EQ(parse_number("010"), 10u);
  EXPECT_FALSE(parse_number("5 "));
  EXPECT_FALSE(parse_number("0x10"));
  EXPECT_FALSE(parse_number(""));
  int n = 0;
  EXPECT_EQ(from_text("4294967297", n), "");
  EXPECT_EQ(n, 1);
  EXPECT_EQ(from_text("2147483648", n), "");
  EXPECT_EQ(n, -2147483648);
}

TEST(ListScanner, FindsTheEndWhereverTheListIsCut) {
  const std::string list = "a\0\0b\0x\0{\0c\0y\0}\0\0"s;
  const std::string bytes = list + "next";
  ListScanner scanner;
  for (std::size_t come = 1; come < list.size(); ++come) {
    const auto length = scanner.scan(bytes.substr(0, come));
    ASSERT_TRUE(length);
    EXPECT_FALSE(*length) << come;
  }
  EXPECT_EQ(**scanner.scan(bytes), list.size());
}

TEST(ListScanner, RefusesEndlessLists) {
  EXPECT_EQ(ListScanner().scan(std::string(kStringLimit + 1, 'x')).error().kind,
            Error::Kind::Limit);
  std::string many;
  while (many.size() <= kListLimit) put(many, "name", std::string(1000, 'x'));
  EXPECT_EQ(ListScanner().scan(many).error().kind, Error::Kind::Limit);
}

struct Attr0Stream : testing::Test {
  std::pair<UniqueFd, UniqueFd> ends = test::socket_pair();
  UniqueFd& remote = ends.first;
  Stream stream{std::move(ends.second), "private/test", 10s};
};

TEST_F(Attr0Stream, LeavesWhatComesBehindTheList) {
  test::send_text(remote, "a\0x\0n\0005\0\0REST"s);
  EXPECT_EQ(receive<Wish>(stream)->a, "x");
  EXPECT_EQ(stream.unread(), "REST");
}

TEST_F(Attr0Stream, IsSilentAboutAnEndBetweenLists) {
  remote.reset();
  EXPECT_EQ(receive<Wish>(stream).error().kind, Error::Kind::Closed);
}

TEST_F(Attr0Stream, ComplainsAboutAnEndWithinAList) {
  LogCapture::expect(
      "unexpected end-of-input from private/test while reading input attribute value");
  test::send_text(remote, "a\0x"s);
  remote.reset();
  EXPECT_EQ(receive<Wish>(stream).error().kind, Error::Kind::Protocol);
  EXPECT_EQ(LogCapture::lines().size(), 1u);
}

TEST_F(Attr0Stream, RefusesAnotherProtocol) {
  LogCapture::expect("unexpected protocol other from private/test (expected: mine)");
  test::send_text(remote, announcement("other"));
  EXPECT_FALSE(receive_announcement(stream, "mine"));
  test::send_text(remote, announcement("mine"));
  EXPECT_TRUE(receive_announcement(stream, "mine"));
}

}  // namespace
}  // namespace handoff::util::attr0
