// word_values.h - parameters whose value is one of a few words, or a list of them.
//
// Kept in one place so that also those who do not use such a parameter can find a mistake: master,
// before it takes over a configuration, and postconf(1).
#pragma once

#include <string_view>
#include <vector>

#include "global/config.h"
#include "global/params.h"
#include "util/result.h"

namespace handoff::global {

// The first mistake in what `program` uses, in Postfix's order; explained in the log. Error Syntax
// with the text that administrators know.
util::Status check_words(const Config& config, const Params& params, std::string_view program);

// The mistakes in all of them.
std::vector<util::Error> find_bad_words(const Config& config, const Params& params);

// Does smtp look up names in the DNS? As smtp_dns_support_level says, or disable_dns_lookups.
bool uses_dns(const Params& params);

}  // namespace handoff::global
