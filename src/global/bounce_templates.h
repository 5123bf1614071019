// bounce_templates.h - the service names under which bounce(8) shows templates instead of serving.
//
// postconf(1) runs it so for the sake of its -b and -t.
#pragma once

#include <string_view>

namespace handoff::global::bounce_templates {

inline constexpr std::string_view kExpand = "expand_templates";
inline constexpr std::string_view kDump = "dump_templates";

}  // namespace handoff::global::bounce_templates
