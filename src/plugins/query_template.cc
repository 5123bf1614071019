#include "plugins/query_template.h"

#include <cctype>

namespace handoff::plugins {
namespace {

constexpr std::string_view kLetters = "sSuUdD123456789";

// A part of "local@domain"; nothing when it has none.
std::optional<std::string_view> label_of(std::string_view domain, int number) {
  while (true) {
    const std::size_t dot = domain.rfind('.');
    const std::string_view last = domain.substr(dot == std::string_view::npos ? 0 : dot + 1);
    if (--number == 0) return last.empty() ? std::nullopt : std::optional(last);
    if (dot == std::string_view::npos) return std::nullopt;
    domain = domain.substr(0, dot);
  }
}

std::optional<std::string_view> part_of(std::string_view address, char letter) {
  const std::size_t at = address.rfind('@');
  const std::string_view local = address.substr(0, at);
  const std::string_view domain =
      at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
  switch (std::tolower(static_cast<unsigned char>(letter))) {
    case 's':
      return address;
    case 'u':
      return local.empty() ? std::nullopt : std::optional(local);
    case 'd':
      return domain.empty() ? std::nullopt : std::optional(domain);
    default:
      return domain.empty() ? std::nullopt : label_of(domain, letter - '0');
  }
}

std::string quoted(std::string_view part, std::string_view special) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const char c : part) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte != 0 && special.find(c) == std::string_view::npos) {
      text.push_back(c);
    } else {
      text.push_back('\\');
      text.push_back(kDigits[byte >> 4U]);
      text.push_back(kDigits[byte & 0xfU]);
    }
  }
  return text;
}

}  // namespace

std::optional<QueryTemplate> QueryTemplate::parse(std::string_view text) {
  QueryTemplate made;
  made.text_ = text;
  for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 2)) {
    const char letter = i + 1 < text.size() ? text[i + 1] : '\0';
    if (letter == '%') continue;
    if (kLetters.find(letter) == std::string_view::npos) return std::nullopt;
    made.is_fixed_ = false;
  }
  return made;
}

template <typename Part>
std::optional<std::string> QueryTemplate::replace(Part part) const {
  std::string result;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] != '%') {
      result.push_back(text_[i]);
    } else if (text_[++i] == '%') {
      result.push_back('%');
    } else {
      const std::optional<std::string> inserted = part(text_[i]);
      if (!inserted) return std::nullopt;
      result += *inserted;
    }
  }
  return result;
}

std::optional<std::string> QueryTemplate::expand(std::string_view key, Quote quote) const {
  return replace([&](char letter) -> std::optional<std::string> {
    const std::optional<std::string_view> part = part_of(key, letter);
    return part ? std::optional(quote(*part)) : std::nullopt;
  });
}

std::optional<std::string> QueryTemplate::expand_result(std::string_view value,
                                                        std::string_view key) const {
  return replace([&](char letter) -> std::optional<std::string> {
    const bool of_value = std::islower(static_cast<unsigned char>(letter)) != 0;
    const std::optional<std::string_view> part = part_of(of_value ? value : key, letter);
    return part ? std::optional(std::string(*part)) : std::nullopt;
  });
}

std::string quote_for_filter(std::string_view part) {
  return quoted(part, "*()\\");
}
std::string quote_for_dn(std::string_view part) {
  return quoted(part, " \t\"#+,;<>\\");
}
std::string unquoted(std::string_view part) {
  return std::string(part);
}

}  // namespace handoff::plugins
