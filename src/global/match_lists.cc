#include "global/match_lists.h"

#include <string>

#include "util/or_die.h"

namespace handoff::global {
namespace {

using tables::MatchList;
using tables::MatchOptions;

MatchList make_list(const Params& params, std::string_view parameter, std::string_view value,
                    MatchOptions::Kind kind, bool parent_matches) {
  return util::or_die(MatchList::parse(value, {std::string(parameter), kind, parent_matches,
                                               params.daemon_table_open_error_is_fatal}));
}

}  // namespace

bool parents_match(const Params& params, std::string_view parameter) {
  const MatchList names = string_list(params, "parent_domain_matches_subdomains",
                                      params.parent_domain_matches_subdomains);
  const auto found = names.match(parameter);
  if (!found) msg::fatal("parent_domain_matches_subdomains: {}", found.error().what);
  return *found;
}

MatchList string_list(const Params& params, std::string_view parameter, std::string_view value) {
  return make_list(params, parameter, value, MatchOptions::Kind::String, false);
}

MatchList domain_list(const Params& params, std::string_view parameter, std::string_view value) {
  return make_list(params, parameter, value, MatchOptions::Kind::Domain,
                   parents_match(params, parameter));
}

}  // namespace handoff::global
