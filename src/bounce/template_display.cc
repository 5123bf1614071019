#include "bounce/template_display.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "bounce/template_text.h"
#include "global/bounce_templates.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/text_file.h"

namespace handoff::bounce {

using util::Result;

namespace {

Templates load(const std::string& file) {
  if (file.empty()) return {};
  return util::or_die(Templates::parse(util::or_die(util::read_text_file(file)), file));
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    msg::fatal("write to standard output: {}", util::errno_text(errno));
}

// Entries are apart by empty lines.
template <typename Lines>
void append_entry(std::string& text, std::string_view name, std::string_view headers,
                  const Lines& lines) {
  if (!text.empty()) text += '\n';
  text += fmt::format("{} = <<EOF\n{}{}\nEOF\n", name, headers, fmt::join(lines, "\n"));
}

std::string headers_of(const Template& source) {
  std::string headers = fmt::format("Charset: {}\nFrom: {}\nSubject: {}\n", source.charset,
                                    source.from, source.subject);
  if (!source.postmaster_subject.empty())
    headers += fmt::format("Postmaster-Subject: {}\n", source.postmaster_subject);
  return headers + '\n';
}

}  // namespace

std::string dump(const Templates& templates) {
  std::string text;
  for (const Report report : kReports) {
    const Template& source = templates.of(report);
    append_entry(text, full_name_of(report), headers_of(source), source.text);
  }
  return text;
}

Result<std::string> expand(const Templates& templates, const global::Config& config,
                           const global::Params& params) {
  TextExpansion expansion(config, params);
  std::string text;
  for (const Report report : kReports) {
    const auto lines = expansion.lines(templates.of(report));
    if (!lines) return lines.error();
    append_entry(text, fmt::format("expanded_{}_text", name_of(report)), "", *lines);
  }
  return text;
}

bool TemplateDisplay::is_name(std::string_view service) {
  namespace names = global::bounce_templates;
  return service == names::kExpand || service == names::kDump;
}

void TemplateDisplay::post_jail() {
  const Templates templates = load(process_.params().bounce_template_file);
  print(process_.name() == global::bounce_templates::kDump
            ? dump(templates)
            : util::or_die(expand(templates, process_.config(), process_.params())));
  std::exit(EXIT_SUCCESS);
}

}  // namespace handoff::bounce
