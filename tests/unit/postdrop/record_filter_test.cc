#include "postdrop/record_filter.h"

#include <gtest/gtest.h>

namespace handoff::postdrop {
namespace {

using Verdict = RecordFilter::Verdict;

Verdict judge(RecordFilter& filter, char type, std::string_view data = {}) {
  return filter.judge({static_cast<global::RecordType>(type), data, 0});
}

TEST(RecordFilter, LetsAMessagePass) {
  RecordFilter filter;
  for (const char type : {'F', 'S', 'R', 'M', 'L', 'N', 'X'})
    EXPECT_EQ(judge(filter, type, "x"), Verdict::Pass) << type;
  EXPECT_EQ(judge(filter, 'E'), Verdict::End);
  EXPECT_TRUE(filter.complete());
}

TEST(RecordFilter, RefusesWhatSendmailDoesNotSend) {
  for (const char type :
       {'C', 'T', 'O', 'L', 'W', 'I', '>', 'K', 'D', 'p', '/', 'f', 'd', 'm', 'Z'}) {
    RecordFilter filter;
    EXPECT_EQ(judge(filter, type, "x"), Verdict::Refuse) << type;
    EXPECT_EQ(filter.complaint(), "unexpected record type: " + std::to_string(type));
  }
}

TEST(RecordFilter, EverySegmentHasItsOwnRecords) {
  RecordFilter filter;
  (void)judge(filter, 'M');
  EXPECT_EQ(judge(filter, 'R', "x"), Verdict::Refuse);
  (void)judge(filter, 'X');
  EXPECT_EQ(judge(filter, 'N', "x"), Verdict::Refuse);
  EXPECT_EQ(judge(filter, 'R', "x"), Verdict::Pass);
}

TEST(RecordFilter, DropsAttributesThatSayWhoSubmitted) {
  RecordFilter filter;
  for (const char* text : {"sasl_username=root", "client_name=x", "foo=bar", "encoding=9bit", "x"})
    EXPECT_EQ(judge(filter, 'A', text), Verdict::Drop) << text;
  for (const char* text : {"rewrite_context=local", "encoding=8bit", "notify_flags=1",
                           "envelope_id=x", "ret_flags=1", "trace_flags=1024", "create_time=5"})
    EXPECT_EQ(judge(filter, 'A', text), Verdict::Pass) << text;
}

TEST(RecordFilter, AMessageNeedsASenderAndARecipient) {
  RecordFilter no_sender;
  (void)judge(no_sender, 'R', "x");
  EXPECT_FALSE(no_sender.complete());
  RecordFilter no_recipient;
  (void)judge(no_recipient, 'S', "");
  EXPECT_FALSE(no_recipient.complete());
}

}  // namespace
}  // namespace handoff::postdrop
