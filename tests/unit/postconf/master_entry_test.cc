#include "postconf/master_entry.h"

#include <gtest/gtest.h>

#include "support/log.h"
#include "util/text_file.h"

namespace handoff::postconf {
namespace {

using test::LogCapture;

const std::string kHead = "smtp       inet  n       -       y       -       -       smtpd";

std::string normalized(const std::string& arguments, Folding folding = Folding::OneLine) {
  const auto entry = parse_master_entry("smtp inet n - y - - smtpd " + arguments);
  EXPECT_TRUE(entry);
  const std::string text = format_master_entry(*entry, folding);
  EXPECT_TRUE(text.starts_with(kHead)) << text;
  return text.substr(kHead.size());
}

std::string error_of(const std::string& text) {
  const auto entry = parse_master_entry(text);
  return entry ? "" : entry.error().what;
}

TEST(MasterEntry, OptionsAreTakenApart) {
  EXPECT_EQ(normalized("-vvo a=b -oc=d -vof=o"), " -vv -o a=b -o c=d -v -o f=o");
  EXPECT_EQ(normalized("-o force=1 -oo=p"), " -o force=1 -o o=p");
  EXPECT_EQ(normalized("-v -o"), " -v -o");
}

TEST(MasterEntry, OptionsEndAtTheFirstOtherArgument) {
  const auto entry = parse_master_entry("a unix - - - - - pipe -o a=b user=x -o c=d");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->options.size(), 1U);
  EXPECT_EQ(entry->rest, (std::vector<std::string>{"user=x", "-o", "c=d"}));
  EXPECT_TRUE(parse_master_entry("a unix - - - - - pipe -- -o a=b")->options.empty());
}

TEST(MasterEntry, BracesKeepTogetherWhatBelongsTogether) {
  EXPECT_EQ(normalized("-o { a = b c }"), " -o {a=b c}");
  EXPECT_EQ(normalized("{a b} {c} {} {{d}}"), " {a b} c {} {{d}}");
}

TEST(MasterEntry, WhatIsWrittenIsReadTheSame) {
  for (const char* arguments :
       {"", "-v", "-o a=b -vo {c = d e} x {y z} {}", "{a b} -o {c d}", "-o {{x}=y} {{a} {b}}",
        "-- -v", "- -o a=b", "{-o } x", "-v {-v} {-v}", "-o a=b \v #"}) {
    const auto entry = parse_master_entry(std::string("a unix n - n 5? 1 c ") + arguments);
    ASSERT_TRUE(entry);
    for (const Folding folding : {Folding::OneLine, Folding::Folded}) {
      const auto lines = util::logical_lines(format_master_entry(*entry, folding), "master.cf");
      ASSERT_EQ(lines.size(), 1U);
      EXPECT_EQ(*parse_master_entry(lines[0].text), *entry) << lines[0].text;
    }
  }
}

TEST(MasterEntry, FoldsBeforeAndAfterSettingsAndAtTheWidth) {
  EXPECT_EQ(normalized("-v -o a=b -D x", Folding::Folded), " -v\n    -o a=b\n    -D x");
  const std::string word(17, 'x');
  EXPECT_EQ(normalized(word + " y", Folding::Folded), "\n    " + word + " y");
}

TEST(MasterEntry, FoldingMakesNoComments) {
  EXPECT_EQ(normalized("-o a=b # x", Folding::Folded), "\n    -o a=b # x");
}

TEST(MasterEntry, FieldsAreChecked) {
  EXPECT_EQ(error_of("a unix - - - - -"), kBadFieldCount);
  EXPECT_EQ(error_of(""), kBadFieldCount);
  EXPECT_EQ(error_of("a tcp - - - - - x"), "invalid type field \"tcp\" in \"a tcp - - - - - x\"");
  EXPECT_EQ(error_of("a unix Y - - - - x"),
            "invalid private field \"Y\" in \"a unix Y - - - - x\"");
  EXPECT_EQ(error_of("a unix - - - 5m - x"),
            "invalid wakeup field \"5m\" in \"a unix - - - 5m - x\"");
  EXPECT_EQ(error_of("a unix - - - 5? 5? x"),
            "invalid process_limit field \"5?\" in \"a unix - - - 5? 5? x\"");
}

TEST(MasterEntry, MistakesWithBracesAreWorthAWarning) {
  LogCapture::expect("missing '}' in \"{a b\"");
  LogCapture::expect("syntax error after '}' in \"{c d}e\"");
  EXPECT_EQ(normalized("{c d}e {a b"), " {c d} {a b}");
}

TEST(MasterEntry, LongFieldsPushTheOthers) {
  const auto entry = parse_master_entry("averylongservicename unix-dgram n n n 1000? 1 x");
  ASSERT_TRUE(entry);
  EXPECT_EQ(format_master_entry(*entry, Folding::OneLine),
            "averylongservicename unix-dgram n n n    1000?   1       x");
}

}  // namespace
}  // namespace handoff::postconf
