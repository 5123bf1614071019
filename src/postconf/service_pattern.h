// service_pattern.h - operands that name entries of master.cf: service/type/field, "*" for any.
#pragma once

#include <string>
#include <string_view>

#include "postconf/master_entry.h"
#include "util/result.h"

namespace handoff::postconf {

struct ServicePattern {
  std::string service = "*";
  std::string type = "*";
  std::string item = "*";  // a field, or a parameter

  // Between 1 and `most` components; what is missing matches anything. Error Syntax without text:
  // what should have been there is known to the caller.
  static util::Result<ServicePattern> parse(std::string_view text, std::size_t least,
                                            std::size_t most);

  [[nodiscard]] bool matches(std::string_view a_service, std::string_view a_type) const;
  [[nodiscard]] bool matches(const MasterEntry& entry) const;
  [[nodiscard]] bool matches_item(std::string_view name) const;
};

}  // namespace handoff::postconf
