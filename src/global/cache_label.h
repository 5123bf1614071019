// cache_label.h - the labels of cached sessions and destinations, for people.
#pragma once

#include <string>
#include <string_view>

namespace handoff::global {

// The fields of smtp(8)'s labels with "|" between them, other control characters as "?".
std::string printable_label(std::string_view label);

}  // namespace handoff::global
