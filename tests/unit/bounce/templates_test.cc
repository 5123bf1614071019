#include "bounce/templates.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "bounce/template_display.h"
#include "bounce/template_text.h"
#include "support/log.h"

namespace handoff::bounce {
namespace {

using test::LogCapture;
using Lines = std::vector<std::string>;

Templates parse(std::string_view text) {
  auto templates = Templates::parse(text, "FILE");
  return templates ? *std::move(templates) : Templates();
}

std::string refusal(std::string_view text) {
  const auto templates = Templates::parse(text, "FILE");
  return templates ? "" : templates.error().what;
}

const Template& failure_of(const Templates& templates) {
  return templates.of(Report::Failure);
}

TEST(Templates, ReplaceHeadersAndText) {
  const Templates templates = parse(
      "# comment\n\nfailure_template = <<END\nsubject:  Back\nFrom: me\n\n\n# text\n$x\n\nEND\n");
  const Template& failure = failure_of(templates);
  EXPECT_EQ(failure.subject, "Back");
  EXPECT_EQ(failure.from, "me");
  EXPECT_EQ(failure.postmaster_subject, "Postmaster Copy: Undelivered Mail");
  EXPECT_EQ(failure.text, Lines({"# text", "$x", ""}));
  EXPECT_EQ(failure.origin, "FILE");
  EXPECT_EQ(templates.of(Report::Delay).origin, "[built-in]");
}

TEST(Templates, ReadWhatTheyPrint) {
  const std::string printed = dump(Templates());
  EXPECT_EQ(dump(parse(printed)), printed);
}

TEST(Templates, TakeTheLastOfAName) {
  EXPECT_EQ(failure_of(parse("failure_template = a\nfailure_template = b\n")).text, Lines({"b"}));
}

TEST(Templates, GoOnToTheEndWithoutAMarker) {
  LogCapture::expect("FILE, line 4: missing \"EOF\" end marker");
  EXPECT_EQ(failure_of(parse("failure_template = <<EOF\na\n EOF")).text, Lines({"a", " EOF"}));
}

TEST(Templates, StartTheTextWhereHeadersEnd) {
  const auto text_of = [](const std::string& text) {
    return failure_of(parse("failure_template = <<E\n" + text + "E\n")).text;
  };
  EXPECT_EQ(text_of("Subject: x\nno header\n"), Lines({"no header"}));
  EXPECT_EQ(text_of("Subject: x\n \t\nFrom: y\n"), Lines({"From: y"}));
  EXPECT_EQ(text_of("\n\nSubject: x\n\ny\n"), Lines({"y"}));
  EXPECT_EQ(text_of(" \nSubject: x\n"), Lines({"Subject: x"}));
}

struct Mistake {
  const char* text;
  const char* warning;
};

class TemplateMistake : public ::testing::TestWithParam<Mistake> {};

TEST_P(TemplateMistake, LeavesTheBuiltInTemplate) {
  LogCapture::expect(GetParam().warning);
  LogCapture::expect("please specify a charset");
  LogCapture::expect("-- ignoring this template");
  const Templates templates = parse(GetParam().text);
  EXPECT_EQ(dump(templates), dump(Templates()));
  EXPECT_TRUE(LogCapture::contains(GetParam().warning));
}

INSTANTIATE_TEST_SUITE_P(
    All, TemplateMistake,
    ::testing::Values(
        Mistake{"failure = x\n", "FILE, line 2: unknown template name: failure -- ignoring"},
        Mistake{"failure_template =\n", "FILE: missing message text in failure template --"},
        Mistake{"failure_template = X-Y: z\n", "unknown \"X-Y\" header label in failure"},
        Mistake{"delay_template = Subject: \xc3\xa4\n",
                "non-ASCII \"Subject\" header value in delay"},
        Mistake{"delay_template = <<E\nSubject:\n\nx\nE\n", "empty \"Subject\" header value"},
        Mistake{"verify_template = <<E\nPostmaster-Subject: x\n\nx\nE\n",
                "inapplicable \"Postmaster-Subject\" header label in verify template"},
        Mistake{"success_template = \xc3\xa4\n", "FILE: 8-bit message text in success template"}));

TEST(Templates, RefuseWhatIsNoTemplateFile) {
  EXPECT_EQ(refusal("stray\n"), "FILE, line 2: missing '=' after attribute name: \"stray\"");
  EXPECT_EQ(refusal("= x\n"), "FILE, line 2: missing attribute name: \"= x\"");
  EXPECT_EQ(refusal("a = <<\n"), "FILE, line 2: missing end marker after <<");
  EXPECT_EQ(refusal("a = <<'E'\n"), "FILE, line 2: malformed end marker after <<");
}

TEST(Templates, EndLinesAtANul) {
  using namespace std::string_view_literals;
  EXPECT_EQ(failure_of(parse("failure_template = <<E\na\0b\nE\n"sv)).text, Lines({"a"}));
}

class TemplateText : public ::testing::Test {
 protected:
  // The lines of a failure_template with this text.
  util::Result<std::vector<std::string>> lines(const std::string& text) {
    const auto config = global::Config::from_text(main_cf);
    const Templates templates =
        parse("failure_template = <<E\nCharset: utf-8\n\n" + text + "\nE\n");
    return TextExpansion(*config, params).lines(failure_of(templates));
  }
  std::string value(const std::string& text) {
    const auto expanded = lines(text);
    return expanded ? expanded->front() : expanded.error().what;
  }

  std::string main_cf =
      "myhostname = Mail.xn--bcher-kva.test\none = 1\nprice = 5$$ $$one\nempty =\n";
  global::Params params;
};

TEST_F(TemplateText, HasTheValuesOfParameters) {
  EXPECT_EQ(value("$one ${one} $(one) $$one [$empty] ${one?{yes}:{no}}"), "1 1 1 $one [] yes");
  EXPECT_EQ(value("$smtp_connect_timeout"), "30s");
  EXPECT_EQ(value("${nothing:no}"), "no");
}

TEST_F(TemplateText, DoesNotExpandValuesAgain) {
  EXPECT_EQ(value("$price"), "5$ $one");
}

TEST_F(TemplateText, MissesNamesWithoutAValue) {
  EXPECT_EQ(value("[$nothing]"), "FILE: undefined $name in failure template: [$nothing]");
  LogCapture::expect("truncated macro reference: \"${one\"");
  EXPECT_EQ(value("${one"), "FILE: bad $name syntax in failure template: ${one");
}

TEST_F(TemplateText, ConvertsTimes) {
  params.delay_warning_time = std::chrono::minutes(90);
  params.maximal_queue_lifetime = std::chrono::hours(5 * 24);
  EXPECT_EQ(value("$delay_warning_time_hours ${maximal_queue_lifetime_days}"), "1 5");
  EXPECT_EQ(value("$delay_warning_time_years"),
            "FILE: unrecognized suffix \"years\" in parameter \"delay_warning_time_years\"");
}

TEST_F(TemplateText, WarnsOfOddTimes) {
  params.delay_warning_time = std::chrono::minutes(59);
  LogCapture::expect("delay_warning_time_");
  LogCapture::expect("for instructions see the bounce(5) manual");
  EXPECT_EQ(value("$delay_warning_time_hours"), "0");
  EXPECT_TRUE(LogCapture::contains("zero result in failure template conversion"));
  EXPECT_TRUE(LogCapture::contains("please reduce time unit \"hours\""));
  EXPECT_EQ(value("$delay_warning_time_seconds"), "3540");
  EXPECT_TRUE(LogCapture::contains("FILE: excessive result \"3540\" in failure template"));
}

TEST_F(TemplateText, ShowsNamesOfHostsAsPeopleWriteThem) {
  EXPECT_EQ(value("$myhostname"), "Mail.xn--bcher-kva.test");
  params.smtputf8_enable = true;
  EXPECT_EQ(value("$myhostname"), "mail.bücher.test");
  main_cf = "myhostname = xn--a.test\n";
  LogCapture::expect("\"xn--a.test\"");
  EXPECT_EQ(value("$myhostname"), "xn--a.test");
  EXPECT_TRUE(LogCapture::contains("form: UIDNA_ERROR_INVALID_ACE_LABEL"));
}

}  // namespace
}  // namespace handoff::bounce
