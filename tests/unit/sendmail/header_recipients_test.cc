#include "sendmail/header_recipients.h"

#include <gtest/gtest.h>

namespace handoff::sendmail {
namespace {

using global::RecordType;
using Strings = std::vector<std::string>;

Strings recipients(const std::vector<std::string>& lines) {
  HeaderRecipients header;
  for (const std::string& line : lines) header.take(RecordType::Line, line);
  return header.finish();
}

TEST(HeaderRecipients, AreInToCcAndBcc) {
  EXPECT_EQ(recipients({"From: x", "To: a@b, \"C D\" <e@f>", "Cc: \"g h\"@i,", " j", "BCC: k", "",
                        "To: not@this"}),
            (Strings{"a@b", "e@f", "g h@i", "j", "k"}));
}

TEST(HeaderRecipients, ResentOnesReplaceThem) {
  EXPECT_EQ(recipients({"Resent-To: r@s", "To: a@b", "Resent-Cc: u"}), (Strings{"r@s", "u"}));
  EXPECT_EQ(recipients({"Resent-From: r@s", "To: a@b"}), (Strings{"a@b"}));
}

TEST(HeaderRecipients, EndWhereTheHeaderEnds) {
  EXPECT_EQ(recipients({"no header", "To: a@b"}), Strings{});
  EXPECT_EQ(recipients({"To: a@b", "no header", "Cc: c"}), (Strings{"a@b"}));
}

TEST(HeaderRecipients, MayComeInPieces) {
  HeaderRecipients header;
  header.take(RecordType::Piece, "To: al");
  header.take(RecordType::Line, "ice, bob");
  header.take(RecordType::Line, "");
  EXPECT_EQ(header.finish(), (Strings{"alice", "bob"}));
}

}  // namespace
}  // namespace handoff::sendmail
