// table_references.h - tables whose clients have parameters of their own: "ldap:NAME" and the like.
//
// NAME is a file with these parameters, or, as in the old days, the beginning of names in main.cf:
// NAME_server_host.
#pragma once

#include <functional>
#include <span>
#include <string_view>

namespace handoff::postconf {

struct TableReference {
  std::string_view type;
  std::string_view name;
  std::span<const std::string_view> parameters;  // what the client knows

  [[nodiscard]] bool knows(std::string_view parameter) const;
};

// All of them in a list-valued parameter, also below "proxy:" and within { }. `file` is named when
// braces do not match.
void visit_table_references(std::string_view value, std::string_view file,
                            const std::function<void(const TableReference&)>& visit);

}  // namespace handoff::postconf
