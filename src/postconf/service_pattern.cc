#include "postconf/service_pattern.h"

#include <vector>

#include "util/text.h"

namespace handoff::postconf {
namespace {

bool matches_component(std::string_view pattern, std::string_view text) {
  return pattern == "*" || pattern == text;
}

bool well_formed(std::string_view component) {
  return component == "*" || component.find('*') == std::string_view::npos;
}

}  // namespace

util::Result<ServicePattern> ServicePattern::parse(std::string_view text, std::size_t least,
                                                   std::size_t most) {
  const util::Error malformed = util::Error::syntax("");
  const std::vector<std::string_view> components = util::split(text, "/");
  if (text.starts_with('/') || components.size() < least || components.size() > most)
    return malformed;
  ServicePattern pattern;
  std::string* const places[] = {&pattern.service, &pattern.type, &pattern.item};
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (!well_formed(components[i])) return malformed;
    *places[i] = components[i];
  }
  return pattern;
}

bool ServicePattern::matches(std::string_view a_service, std::string_view a_type) const {
  return matches_component(service, a_service) && matches_component(type, a_type);
}

bool ServicePattern::matches(const MasterEntry& entry) const {
  return matches(entry.fields[MasterEntry::Service], entry.fields[MasterEntry::Type]);
}

bool ServicePattern::matches_item(std::string_view name) const {
  return matches_component(item, name);
}

}  // namespace handoff::postconf
