#include "smtp/reply.h"

#include <gtest/gtest.h>

namespace handoff::smtp {
namespace {

using Progress = ReplyCollector::Progress;

Reply reply_of(std::initializer_list<std::string> lines) {
  ReplyCollector collector;
  Progress last = Progress::More;
  for (const std::string& line : lines) last = collector.add_line(line);
  EXPECT_EQ(last, Progress::Complete);
  return collector.take();
}

TEST(ReplyTest, HasTheCodeOfItsLastLine) {
  const Reply reply = reply_of({"250-mx.example", "251-SIZE", "250 2.1.0 HELP"});
  EXPECT_EQ(reply.code, 250);
  EXPECT_EQ(reply.text, "250-mx.example\n251-SIZE\n250 2.1.0 HELP");
  EXPECT_EQ(reply.one_line(), "250-mx.example 251-SIZE 250 2.1.0 HELP");
  EXPECT_EQ(reply.dsn, "2.1.0");
}

TEST(ReplyTest, NeedsNoTextBehindTheCode) {
  EXPECT_EQ(reply_of({"250"}).dsn, "2.0.0");
  EXPECT_EQ(reply_of({"250 "}).dsn, "2.0.0");
  EXPECT_EQ(reply_of({"354"}).dsn, "5.5.0");
}

TEST(ReplyTest, TakesAnEnhancedCodeOnlyOfTheSameClass) {
  EXPECT_EQ(reply_of({"550 5.1.1 no"}).dsn, "5.1.1");
  EXPECT_EQ(reply_of({"550   5.1.1 no"}).dsn, "5.1.1");
  EXPECT_EQ(reply_of({"550 4.7.1 no"}).dsn, "5.0.0");
  EXPECT_EQ(reply_of({"450 mailbox"}).dsn, "4.0.0");
  EXPECT_EQ(reply_of({"300 what"}).dsn, "5.5.0");
  EXPECT_EQ(reply_of({"000 what"}).dsn, "5.5.0");
}

TEST(ReplyTest, GoesOnBehindGarbage) {
  ReplyCollector collector;
  for (auto line : {"", "hello", "25", "2500 x", "25x y", "250\tx"})
    EXPECT_EQ(collector.add_line(line), Progress::Garbage) << line;
  EXPECT_EQ(collector.add_line("250 ok"), Progress::Complete);
  EXPECT_TRUE(collector.take().text.ends_with("250\tx\n250 ok"));
}

TEST(ReplyTest, KeepsNoMoreThanItNeeds) {
  ReplyCollector collector;
  const std::string line = "250-" + std::string(1000, 'x');
  for (int i = 0; i < 100; ++i) collector.add_line(line);
  EXPECT_TRUE(collector.overflowed());
  EXPECT_FALSE(collector.overflowed());
  EXPECT_EQ(collector.add_line("250 ok"), Progress::Complete);
  EXPECT_LE(collector.take().text.size(), kReplyLimit + line.size());
  EXPECT_FALSE(collector.overflowed());
}

TEST(ReplyTest, HasAnEnd) {
  ReplyCollector collector;
  for (std::size_t i = 0; i < kMaxReplyLines; ++i)
    ASSERT_EQ(collector.add_line("250-again"), Progress::More);
  EXPECT_EQ(collector.add_line("250-again"), Progress::Endless);
}

}  // namespace
}  // namespace handoff::smtp
