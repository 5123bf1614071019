// header_address.h - the addresses in a message header: found, replaced, and put back.
//
// RFC 5322 address lists with what people really write: names without quotes, comments anywhere,
// missing and doubled commas, groups, routes. Nothing is refused; what cannot be understood is
// kept as it is. Rewriting gives the same text as stock cleanup(8) does, with which addresses stay
// byte for byte when there is nothing to change.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::global {

struct HeaderToken {
  enum class Kind {
    Word,     // an atom
    Quoted,   // text without its quotes
    Literal,  // "[192.0.2.1]"
    Comment,  // "(text)"
    Special,  // one of ,:;<>@.
    Mark,     // ":" where it has no meaning
    Address,  // an address in external form; made by the parser
  };
  Kind kind{};
  std::string text;

  bool operator==(const HeaderToken&) const = default;
};

class HeaderAddresses {
 public:
  // `value` is what follows "Name:", with its line ends.
  static HeaderAddresses parse(std::string_view value);

  // External form, "\"a b\"@example.com", in the order of the header. The null address is left out.
  [[nodiscard]] std::vector<std::string> addresses() const;

  // Calls `change` for each, with what it returns in its place; true when that made a difference.
  bool rewrite(const std::function<std::string(std::string_view)>& change);

  // "Name: value", folded before an address where a line would be longer than 69 bytes.
  [[nodiscard]] std::string to_header(std::string_view name) const;

  [[nodiscard]] const std::vector<HeaderToken>& tokens() const { return tokens_; }

 private:
  std::vector<HeaderToken> tokens_;
};

// A name for people before an address: quoted if need be, blanks made single.
std::string quote_phrase(std::string_view name);

}  // namespace handoff::global
