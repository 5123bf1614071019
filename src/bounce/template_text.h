// template_text.h - the text of a template with every $name replaced by its value.
//
// $name is as in main.cf, within one line; the values of all parameters are there, and beyond them
//
//   delay_warning_time_UNIT, maximal_queue_lifetime_UNIT   a number of seconds, minutes, hours,
//                                                          days or weeks
//   mydomain, myhostname    in Unicode, not as "xn--...", when smtputf8_enable
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bounce/templates.h"
#include "global/config.h"
#include "global/params.h"
#include "util/result.h"

namespace handoff::bounce {

class TextExpansion {
 public:
  // Both must outlive it.
  TextExpansion(const global::Config& config, const global::Params& params)
      : config_(config), params_(params) {}

  // Numbers that nobody would want to read are warned of. Error Syntax for a name without a value
  // and for what main.cf would not take either.
  [[nodiscard]] util::Result<std::vector<std::string>> lines(const Template& source);

 private:
  class Line;

  const global::Config& config_;
  const global::Params& params_;
  // Names of hosts as people read them, or nothing: what is wrong with them is told only once.
  std::map<std::string, std::optional<std::string>> readable_;
};

}  // namespace handoff::bounce
