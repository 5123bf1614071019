#include "bounce/templates.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "bounce/template_file.h"
#include "global/mail_header.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::bounce {

using util::Result;

namespace {

constexpr std::string_view kBuiltIn = "[built-in]";
constexpr std::string_view kAscii = "us-ascii";

// --- The built-in texts

struct BuiltIn {
  std::string_view name;
  const char* subject;
  const char* postmaster_subject;
  std::string_view text;
};

// Indexed by Report. These texts are an interface: people and programs recognize them.
constexpr std::array<BuiltIn, kReports.size()> kBuiltInTexts = {{
    {"failure", "Undelivered Mail Returned to Sender", "Postmaster Copy: Undelivered Mail",
     R"(This is the mail system at host $myhostname.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

For further assistance, please send mail to postmaster.

If you do so, please include this problem report. You can
delete your own text from the attached returned message.

                   The mail system)"},
    {"delay", "Delayed Mail (still being retried)", "Postmaster Warning: Delayed Mail",
     R"(This is the mail system at host $myhostname.

####################################################################
# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #
####################################################################

Your message could not be delivered for more than $delay_warning_time_hours hour(s).
It will be retried until it is $maximal_queue_lifetime_days day(s) old.

For further assistance, please send mail to postmaster.

If you do so, please include this problem report. You can
delete your own text from the attached returned message.

                   The mail system)"},
    {"success", "Successful Mail Delivery Report", "",
     R"(This is the mail system at host $myhostname.

Your message was successfully delivered to the destination(s)
listed below. If the message was delivered to mailbox you will
receive no further notifications. Otherwise you may still receive
notifications of mail delivery errors from other systems.

                   The mail system)"},
    {"verify", "Mail Delivery Status Report", "",
     R"(This is the mail system at host $myhostname.

Enclosed is the mail delivery report that you requested.

                   The mail system)"},
}};

const BuiltIn& built_in_text(Report report) {
  return kBuiltInTexts[static_cast<std::size_t>(report)];
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

Template built_in(Report report) {
  const BuiltIn& text = built_in_text(report);
  return {report,
          std::string(kBuiltIn),
          std::string(kAscii),
          "Mail Delivery System <MAILER-DAEMON>",
          text.subject,
          text.postmaster_subject,
          lines_of(text.text)};
}

// --- The inner syntax of a template

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x7f; });
}

struct HeaderName {
  std::string_view name;
  std::string Template::*value;
};

constexpr std::array kHeaders = {
    HeaderName{"Charset", &Template::charset},
    HeaderName{"From", &Template::from},
    HeaderName{"Subject", &Template::subject},
    HeaderName{"Postmaster-Subject", &Template::postmaster_subject},
};

// Reads one template; false when something was wrong with it, which has been logged.
class TemplateReader {
 public:
  TemplateReader(Template& result, const std::vector<std::string_view>& lines)
      : result_(result), rest_(lines) {}

  bool read() {
    while (!rest_.empty() && rest_.front().empty()) rest_ = rest_.subspan(1);
    while (!rest_.empty() && global::header_name_length(rest_.front()) > 0) {
      if (!read_header(global::HeaderField::split(rest_.front()))) return false;
      rest_ = rest_.subspan(1);
    }
    skip_blank_lines();
    return read_text();
  }

 private:
  void skip_blank_lines() {
    while (!rest_.empty() && util::trim(rest_.front()).empty()) rest_ = rest_.subspan(1);
  }

  bool read_header(const global::HeaderField& field) {
    const auto* const known = std::ranges::find_if(kHeaders, [&](const HeaderName& one) {
      return util::equal_ignoring_case(one.name, field.name);
    });
    if (known == kHeaders.end())
      return refuse(fmt::format("unknown \"{}\" header label", field.name));
    const std::string_view value = util::trim_left(field.value);
    if (value.empty()) return refuse(fmt::format("empty \"{}\" header value", known->name));
    if (!is_ascii(value)) return refuse(fmt::format("non-ASCII \"{}\" header value", known->name));
    if ((result_.*known->value).empty())
      return refuse(fmt::format("inapplicable \"{}\" header label", known->name));
    result_.*known->value = value;
    return true;
  }

  bool read_text() {
    if (rest_.empty()) return refuse("missing message text");
    result_.text.assign(rest_.begin(), rest_.end());
    if (!util::equal_ignoring_case(result_.charset, kAscii) ||
        std::ranges::all_of(result_.text, is_ascii))
      return true;
    msg::warn("{}: 8-bit message text in {} template", result_.origin, name_of(result_.report));
    msg::warn("please specify a charset value other than {}", kAscii);
    msg::warn("-- ignoring this template for now");
    return false;
  }

  [[nodiscard]] bool refuse(std::string_view problem) const {
    msg::warn("{}: {} in {} template -- ignoring this template", result_.origin, problem,
              name_of(result_.report));
    return false;
  }

  Template& result_;
  std::span<const std::string_view> rest_;
};

std::optional<Report> report_of(std::string_view template_name) {
  const auto* const found = std::ranges::find_if(
      kReports, [&](Report report) { return template_name == full_name_of(report); });
  return found == kReports.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::string_view name_of(Report report) {
  return built_in_text(report).name;
}

std::string full_name_of(Report report) {
  return fmt::format("{}_template", name_of(report));
}

Templates::Templates() {
  std::ranges::transform(kReports, templates_.begin(), built_in);
}

Result<Templates> Templates::parse(std::string_view text, const std::string& file) {
  std::map<Report, std::vector<std::string_view>> found;
  const util::Status read = visit_named_lines(text, file, [&](const NamedLines& entry) {
    if (const auto report = report_of(entry.name)) {
      found[*report] = entry.lines;
    } else {
      msg::warn("{}, line {}: unknown template name: {} -- ignoring this template", file,
                entry.following_line, entry.name);
    }
  });
  if (!read) return read.error();
  Templates templates;
  for (const auto& [report, lines] : found) {
    Template candidate = templates.of(report);
    candidate.origin = file;
    if (TemplateReader(candidate, lines).read())
      templates.templates_[static_cast<std::size_t>(report)] = std::move(candidate);
  }
  return templates;
}

}  // namespace handoff::bounce
