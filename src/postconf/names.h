// names.h - the parameters that exist: built-in, because of a service, or because a user made them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postconf/options.h"
#include "postconf/settings.h"

namespace handoff::postconf {

// How a parameter came to be.
enum class NameClass { Builtin, Service, User };

class Names {
 public:
  // Without those of users.
  explicit Names(const Settings& settings);

  void add_user_defined(std::string_view name);
  // A name of a former version is there as soon as somebody sets it.
  void add_if_former(std::string_view name);

  // Also names of former versions, which still count but are shown only where they are set.
  [[nodiscard]] bool contains(std::string_view name) const;
  // Built-in, or there because of a service.
  [[nodiscard]] bool predefined(std::string_view name) const;
  // In byte order.
  [[nodiscard]] std::vector<std::string> of(const NameClasses& classes) const;

 private:
  std::map<std::string, NameClass, std::less<>> names_;
};

// Values of these are not expanded where they are read, but when they are used.
bool is_raw(std::string_view name);

}  // namespace handoff::postconf
