// query_template.h - "(mail=%s)": texts with parts of a key in them.
//
//   %s the key    %u its local part    %d its domain    %1 ... %9 a label of the domain, from the
//   right
//
// In what is made of a result the small letters stand for the value that was found, and %S %U %D
// and the digits for the key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace handoff::plugins {

class QueryTemplate {
 public:
  using Quote = std::string (*)(std::string_view part);

  QueryTemplate() = default;
  // Nothing: there is an unknown letter after a "%".
  static std::optional<QueryTemplate> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  // It says the same whatever the key is.
  [[nodiscard]] bool is_fixed() const { return is_fixed_; }

  // Nothing: the key lacks a part.
  [[nodiscard]] std::optional<std::string> expand(std::string_view key, Quote quote) const;
  // Nothing: the value or the key lacks a part.
  [[nodiscard]] std::optional<std::string> expand_result(std::string_view value,
                                                         std::string_view key) const;

 private:
  template <typename Part>
  [[nodiscard]] std::optional<std::string> replace(Part part) const;

  std::string text_;
  bool is_fixed_ = true;
};

// RFC 4515, section 3: in a filter.
std::string quote_for_filter(std::string_view part);
// RFC 4514, section 2.4: in a distinguished name.
std::string quote_for_dn(std::string_view part);
std::string unquoted(std::string_view part);

}  // namespace handoff::plugins
