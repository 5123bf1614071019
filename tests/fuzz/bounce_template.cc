// bounce_template.cc - whatever stands in a bounce template file, bounce finds four templates.
//
// Printed and read again they are the same, unless a text has the line that ends it in print.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bounce/template_display.h"
#include "bounce/templates.h"
#include "global/config.h"
#include "global/params.h"
#include "quiet_start.h"
#include "util/msg.h"

namespace {

using namespace handoff;
using bounce::Templates;

constexpr std::string_view kEndMarker = "EOF";

bool can_be_printed(const bounce::Template& one) {
  return std::find(one.text.begin(), one.text.end(), kEndMarker) == one.text.end();
}

void compare(const bounce::Template& printed, const bounce::Template& read) {
  if (printed.charset != read.charset || printed.from != read.from ||
      printed.subject != read.subject || printed.postmaster_subject != read.postmaster_subject ||
      printed.text != read.text)
    msg::panic("{} is read differently", full_name_of(printed.report));
}

void run(std::string_view text) {
  static const auto config = global::Config::from_text("");
  static const global::Params params;
  const auto templates = Templates::parse(text, "file");
  if (!templates) return;
  (void)bounce::expand(*templates, *config, params);
  const auto printable = [&](bounce::Report report) {
    return can_be_printed(templates->of(report));
  };
  if (!std::all_of(bounce::kReports.begin(), bounce::kReports.end(), printable)) return;
  const auto again = Templates::parse(bounce::dump(*templates), "file");
  if (!again) msg::panic("cannot be read again: {}", again.error().what);
  for (const bounce::Report report : bounce::kReports)
    compare(templates->of(report), again->of(report));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run({reinterpret_cast<const char*>(data), size});
  return 0;
}
