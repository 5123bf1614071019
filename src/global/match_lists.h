// match_lists.h - main.cf parameters that are lists of names, ready to be matched.
//
// `parameter` is the name for messages; whether parents match is found under it in
// parent_domain_matches_subdomains. A malformed list ends the program.
#pragma once

#include <string_view>

#include "global/params.h"
#include "tables/match_list.h"

namespace handoff::global {

tables::MatchList string_list(const Params& params, std::string_view parameter,
                              std::string_view value);
tables::MatchList domain_list(const Params& params, std::string_view parameter,
                              std::string_view value);
// Whether "example.com" is meant for "sub.example.com", too.
bool parents_match(const Params& params, std::string_view parameter);

}  // namespace handoff::global
