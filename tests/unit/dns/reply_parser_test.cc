#include "dns/reply_parser.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "support/log.h"

namespace handoff::dns {
namespace {

// Builds packets byte by byte, names without compression unless written as raw bytes.
class Packet {
 public:
  explicit Packet(int response_code = 0, std::string_view question = "example.org",
                  Type type = Type::Mx) {
    bytes_ = std::string("\x12\x34\x81", 3) + static_cast<char>(0x80 | response_code) +
             std::string("\0\x01\0\0\0\0\0\0", 8);
    bytes_ += name(question) + number(static_cast<int>(type)) + number(1);
  }

  static std::string number(int value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 255)};
  }
  static std::string name(std::string_view dotted) {
    std::string wire;
    while (!dotted.empty()) {
      const std::string_view label = dotted.substr(0, dotted.find('.'));
      wire += static_cast<char>(label.size());
      wire += label;
      dotted.remove_prefix(std::min(dotted.size(), label.size() + 1));
    }
    return wire + '\0';
  }

  Packet& answer(std::string_view owner, Type type, const std::string& data) {
    return raw_answer(name(owner), static_cast<int>(type), data);
  }
  Packet& raw_answer(const std::string& owner, int type, const std::string& data) {
    bytes_ += owner + number(type) + number(1) + number(0) + number(300) +
              number(static_cast<int>(data.size())) + data;
    ++answers_;
    bytes_[6] = static_cast<char>(answers_ >> 8);
    bytes_[7] = static_cast<char>(answers_ & 255);
    return *this;
  }
  Packet& mx(int preference, std::string_view host, std::string_view owner = "example.org") {
    return answer(owner, Type::Mx, number(preference) + name(host));
  }
  Packet& a(std::string_view owner, const std::string& data = "\xc0\x00\x02\x01") {
    return answer(owner, Type::A, data.empty() ? data : std::string(data));
  }

  ParsedReply parse(std::string_view asked = "example.org", Type type = Type::Mx) const {
    return parse_bytes(bytes_, asked, type);
  }
  static ParsedReply parse_bytes(const std::string& bytes, std::string_view asked, Type type) {
    return parse_reply({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()}, asked,
                       type);
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  int answers_ = 0;
};

const std::string kAddress("\xc0\x00\x02\x01", 4);

TEST(ReplyParserTest, ReadsMailExchangers) {
  const auto reply = Packet().mx(10, "mx1.example.org").mx(20, "mx2.example.org").parse();
  EXPECT_EQ(reply.kind, Kind::Found);
  EXPECT_EQ(reply.mx, (std::vector<Mx>{{10, "mx1.example.org"}, {20, "mx2.example.org"}}));
}

TEST(ReplyParserTest, ReadsAddresses) {
  auto reply = Packet(0, "mx.example.org", Type::A)
                   .a("MX.example.org", kAddress)
                   .parse("mx.example.org", Type::A);
  ASSERT_EQ(reply.addresses.size(), 1U);
  EXPECT_EQ(reply.addresses[0].text(), "192.0.2.1");
  reply = Packet(0, "mx.example.org", Type::Aaaa)
              .answer("mx.example.org", Type::Aaaa,
                      std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16))
              .parse("mx.example.org", Type::Aaaa);
  ASSERT_EQ(reply.addresses.size(), 1U);
  EXPECT_EQ(reply.addresses[0].text(), "2001:db8::1");
}

TEST(ReplyParserTest, TellsFailuresApart) {
  EXPECT_EQ(Packet(3).parse().kind, Kind::NotFound);
  EXPECT_EQ(Packet(2).parse().kind, Kind::Again);
  EXPECT_EQ(Packet(5).parse().kind, Kind::Again);
  EXPECT_EQ(Packet(1).parse().kind, Kind::Permanent);
  EXPECT_EQ(Packet(4).parse().kind, Kind::Permanent);
  EXPECT_EQ(Packet(0).parse().kind, Kind::NoData);
}

TEST(ReplyParserTest, FollowsAliasesInAnyOrder) {
  const auto reply = Packet(0, "www.example.org", Type::A)
                         .a("c.example.org", kAddress)
                         .answer("b.example.org", Type::Cname, Packet::name("c.example.org"))
                         .answer("www.example.org", Type::Cname, Packet::name("b.example.org"))
                         .parse("www.example.org", Type::A);
  EXPECT_EQ(reply.kind, Kind::Found);
  EXPECT_EQ(reply.canonical, "c.example.org");
}

TEST(ReplyParserTest, SaysWhereAnAliasLeadsThatIsNotResolved) {
  const auto reply = Packet(0, "www.example.org", Type::A)
                         .answer("www.example.org", Type::Cname, Packet::name("other.example"))
                         .parse("www.example.org", Type::A);
  EXPECT_EQ(reply.kind, Kind::NoData);
  EXPECT_TRUE(reply.alias);
  EXPECT_EQ(reply.canonical, "other.example");
}

TEST(ReplyParserTest, GivesUpAliasesThatGoRoundInCircles) {
  const auto reply = Packet(0, "a.example", Type::A)
                         .answer("a.example", Type::Cname, Packet::name("b.example"))
                         .answer("b.example", Type::Cname, Packet::name("a.example"))
                         .parse("a.example", Type::A);
  EXPECT_EQ(reply.kind, Kind::Invalid);
}

TEST(ReplyParserTest, IgnoresRecordsOfOtherNames) {
  EXPECT_EQ(
      Packet(0, "a.example", Type::A).a("evil.example", kAddress).parse("a.example", Type::A).kind,
      Kind::NoData);
}

TEST(ReplyParserTest, UnderstandsDomainsWithoutMail) {
  EXPECT_EQ(Packet().mx(0, "").parse().kind, Kind::NullMx);
  test::LogCapture::expect("malformed domain name in resource data of MX record for example.org");
  const auto reply = Packet().mx(0, "").mx(10, "mx.example.org").parse();
  EXPECT_EQ(reply.mx, (std::vector<Mx>{{10, "mx.example.org"}}));
}

TEST(ReplyParserTest, RefusesHostNamesThatAreNone) {
  test::LogCapture::expect("malformed domain name");
  EXPECT_EQ(Packet().mx(10, "bad host").parse().kind, Kind::Invalid);
}

TEST(ReplyParserTest, RefusesDataOfTheWrongSize) {
  for (const std::string& data : {std::string(), std::string(3, '\1'), std::string(5, '\1')})
    EXPECT_EQ(Packet(0, "a.example", Type::A).a("a.example", data).parse("a.example", Type::A).kind,
              Kind::Invalid);
  EXPECT_EQ(Packet().answer("example.org", Type::Mx, "").parse().kind, Kind::Invalid);
  EXPECT_EQ(Packet().answer("example.org", Type::Mx, Packet::number(1)).parse().kind,
            Kind::Invalid);
  EXPECT_EQ(Packet()
                .answer("example.org", Type::Mx, Packet::number(1) + Packet::name("a.b") + "x")
                .parse()
                .kind,
            Kind::Invalid);
}

TEST(ReplyParserTest, RefusesNamesThatPointToThemselves) {
  const std::string loop = Packet().bytes();
  const auto at = static_cast<int>(loop.size());
  const std::string pointer{static_cast<char>(0xc0 | (at >> 8)), static_cast<char>(at & 255)};
  EXPECT_EQ(Packet().raw_answer(pointer, 15, Packet::number(1) + Packet::name("a.b")).parse().kind,
            Kind::Invalid);
}

TEST(ReplyParserTest, SurvivesEveryTruncation) {
  const std::string whole = Packet().mx(10, "mx1.example.org").mx(20, "mx2.example.org").bytes();
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_EQ(Packet::parse_bytes(whole.substr(0, length), "example.org", Type::Mx).kind,
              Kind::Invalid)
        << length;
}

TEST(ReplyParserTest, SurvivesEveryFlippedBit) {
  test::LogCapture::expect("malformed domain name");
  const std::string whole = Packet()
                                .mx(10, "mx1.example.org")
                                .answer("example.org", Type::Cname, Packet::name("b.c"))
                                .bytes();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    (void)Packet::parse_bytes(bytes, "example.org", Type::Mx);
  }
}

TEST(ReplyParserTest, DoesNotTakeAQuestionForAnAnswer) {
  std::string bytes = Packet().mx(10, "mx.example.org").bytes();
  bytes[2] = '\x01';
  EXPECT_EQ(Packet::parse_bytes(bytes, "example.org", Type::Mx).kind, Kind::Invalid);
}

TEST(AnswerTest, ExplainsFailuresInTheWordsOfTheLog) {
  EXPECT_EQ(explain(Kind::NotFound, "x.example", Type::Mx),
            "Host or domain name not found. Name service error for name=x.example type=MX: "
            "Host not found");
  EXPECT_EQ(explain(Kind::Again, "x.example", Type::A),
            "Host or domain name not found. Name service error for name=x.example type=A: "
            "Host not found, try again");
  EXPECT_EQ(explain(Kind::NoData, "x.example", Type::Aaaa),
            "Host or domain name not found. Name service error for name=x.example type=AAAA: "
            "Host found but no data record of requested type");
}

TEST(AnswerTest, KnowsHostNames) {
  for (auto name : {"a", "a.b", "a-b.c_d.example.", "1.2.3.4", "r\xc3\xa9.example"})
    EXPECT_TRUE(is_host_name(name)) << name;
  for (auto name : {"", ".", "a..b", "-a", "a-", "a b", "a@b", ".a"})
    EXPECT_FALSE(is_host_name(name)) << name;
  EXPECT_FALSE(is_host_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace handoff::dns
