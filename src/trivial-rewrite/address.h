// address.h - an address as a row of tokens (RFC 5322, 3.4; with the liberties of real mail).
//
// What stands in headers and on command lines is the *external* form, with quotes and comments;
// what is stored and delivered is the *internal* form, where the local part stands as it is. "!"
// and "%" are tokens of their own because addresses are rewritten by them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::rewrite {

struct Token {
  enum class Kind {
    Atom,
    Quoted,   // text without the quotes; in an internal address, the local part as it is
    Literal,  // "[192.0.2.1]", text without the brackets
    Comment,  // text with its parentheses
    Operator  // one character
  };
  Kind kind;
  std::string text;

  static Token op(char c) { return {Kind::Operator, std::string(1, c)}; }
  [[nodiscard]] bool is(char c) const { return kind == Kind::Operator && text[0] == c; }
  bool operator==(const Token&) const = default;
};

using Tokens = std::vector<Token>;

// Never fails: quotes, brackets and comments that are not closed end with the text.
Tokens scan_external(std::string_view text);
// The local part, all before the last "@", stays one token; a source route ("@a,@b:") is scanned.
Tokens scan_internal(std::string_view text);

// The internal form, with blanks where tokens would run together.
std::string to_internal(const Tokens& tokens);
// Puts quotes around the local part of an internal address where RFC 5321 wants them.
std::string to_external(std::string_view internal);

// The same for a local part alone, which may have an "@".
std::string quote_local_part(std::string_view local);

std::optional<std::size_t> find_first(const Tokens& tokens, char op);
std::optional<std::size_t> find_last(const Tokens& tokens, char op);

}  // namespace handoff::rewrite
