// templates.h - what the reports of bounce(8) say to people: the built-in texts, and bounce(5).
//
// A template has the values of a few headers and a text. A bounce template file may replace some
// of the four; whatever it does not say remains as it is built in.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace handoff::bounce {

enum class Report { Failure, Delay, Success, Verify };
inline constexpr std::array kReports = {Report::Failure, Report::Delay, Report::Success,
                                        Report::Verify};

std::string_view name_of(Report report);  // "failure"
std::string full_name_of(Report report);  // "failure_template"

struct Template {
  Report report = Report::Failure;
  std::string origin;  // the file, or "[built-in]"
  std::string charset;
  std::string from;
  std::string subject;
  std::string postmaster_subject;  // empty: no copies of such reports go to the postmaster
  std::vector<std::string> text;   // lines without their ends; $name is not expanded
};

class Templates {
 public:
  Templates();  // the built-in ones
  // `text` is that of a bounce template file; messages name `file`. A template that is wrong is
  // left out with a warning. Error Syntax for what does not look like templates at all.
  static util::Result<Templates> parse(std::string_view text, const std::string& file);

  [[nodiscard]] const Template& of(Report report) const {
    return templates_[static_cast<std::size_t>(report)];
  }

 private:
  std::array<Template, kReports.size()> templates_;
};

}  // namespace handoff::bounce
