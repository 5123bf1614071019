// config_defaults.h - what is not set under its own name: names of 2004, defaults from the table,
// and computed ones.
//
// Computed: myhostname, mydomain (from each other and the host's name; no DNS), mynetworks (from
// the interfaces).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "global/config.h"

namespace handoff::global {

// What main.cf says about `name` under a former name of it.
const Config::Setting* find_former(const Config& config, std::string_view name);

// Not expanded; nothing for a name that nobody knows.
std::optional<std::string> default_value(const Config& config, std::string_view name);

// Computed defaults that are being made now. They are not known before they are there, however a
// value comes to mention them: "mydomain = $mynetworks", "inet_interfaces = $mydomain".
using NamesBeingMade = std::vector<std::string_view>;

// Expanded.
util::Result<std::string> value_for_default(const Config& config, std::string_view name,
                                            const NamesBeingMade& being_made);

}  // namespace handoff::global
