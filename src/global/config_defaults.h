// config_defaults.h - what is not set under its own name: names of 2004, defaults from the table,
// and computed ones.
//
// Computed: myhostname, mydomain (from each other and the host's name; no DNS), mynetworks (from
// the interfaces).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "global/config.h"

namespace handoff::global {

// What main.cf says about `name` under a former name of it.
const Config::Setting* find_former(const Config& config, std::string_view name);

// Not expanded; nothing for a name that nobody knows.
std::optional<std::string> default_value(const Config& config, std::string_view name);

}  // namespace handoff::global
