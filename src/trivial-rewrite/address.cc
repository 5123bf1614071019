#include "trivial-rewrite/address.h"

#include <algorithm>

#include "util/text.h"

namespace handoff::rewrite {

namespace {

constexpr std::string_view kOperators = "<>@,;:.!%)";

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Tokens scan() {
    Tokens tokens;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (util::is_blank(c)) {
        ++at_;
      } else if (c == '"') {
        tokens.push_back({Token::Kind::Quoted, quoted()});
      } else if (c == '[') {
        tokens.push_back({Token::Kind::Literal, literal()});
      } else if (c == '(') {
        tokens.push_back({Token::Kind::Comment, comment()});
      } else if (kOperators.find(c) != std::string_view::npos) {
        tokens.push_back(Token::op(c));
        ++at_;
      } else {
        tokens.push_back({Token::Kind::Atom, atom()});
      }
    }
    return tokens;
  }

 private:
  // Appends the character at at_; "\x" counts as a plain x.
  void take(std::string& into) {
    if (text_[at_] == '\\' && ++at_ >= text_.size()) return;
    into += text_[at_++];
  }

  std::string quoted() {
    std::string value;
    for (++at_; at_ < text_.size() && text_[at_] != '"';) take(value);
    ++at_;
    return value;
  }

  std::string literal() {
    std::string value;
    for (++at_; at_ < text_.size() && text_[at_] != ']';) take(value);
    ++at_;
    return value;
  }

  // Comments nest, and keep their backslashes.
  std::string comment() {
    const std::size_t start = at_;
    int depth = 0;
    do {
      const char c = text_[at_];
      if (c == '\\') ++at_;
      if (c == '(') ++depth;
      if (c == ')') --depth;
      ++at_;
    } while (depth > 0 && at_ < text_.size());
    at_ = std::min(at_, text_.size());
    return std::string(text_.substr(start, at_ - start));
  }

  std::string atom() {
    std::string value;
    while (at_ < text_.size() && !util::is_blank(text_[at_]) &&
           std::string_view("\"[(").find(text_[at_]) == std::string_view::npos &&
           kOperators.find(text_[at_]) == std::string_view::npos)
      take(value);
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void append(Tokens& tokens, Tokens more) {
  tokens.insert(tokens.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
}

bool is_word(const Token& token) {
  return token.kind != Token::Kind::Operator;
}

bool wants_blank(const Token& left, const Token& right) {
  if (left.is(',')) return true;
  return is_word(left) && (is_word(right) || right.is('<'));
}

void append_text(std::string& out, const Token& token) {
  if (token.kind == Token::Kind::Literal) out += '[';
  for (const char c : token.text) out += util::is_blank(c) ? ' ' : c;
  if (token.kind == Token::Kind::Literal) out += ']';
}

// RFC 5321, 4.1.2: Dot-string. Bytes beyond ASCII are left alone (RFC 6531).
bool is_dot_string(std::string_view local) {
  if (local.empty() || local.front() == '.' || local.back() == '.') return false;
  if (local.find("..") != std::string_view::npos) return false;
  return std::all_of(local.begin(), local.end(), [](unsigned char c) {
    return c > ' ' && c != 127 &&
           std::string_view("()<>[]:;@\\,\"").find(static_cast<char>(c)) == std::string_view::npos;
  });
}

// The length of "@a,@b:" at the beginning, or 0.
std::size_t route_length(std::string_view address) {
  if (address.empty() || address[0] != '@') return 0;
  const std::size_t colon = address.find(':');
  return colon == std::string_view::npos ? 0 : colon + 1;
}

}  // namespace

Tokens scan_external(std::string_view text) {
  return Scanner(text).scan();
}

Tokens scan_internal(std::string_view text) {
  const std::size_t route = route_length(text);
  Tokens tokens = scan_external(text.substr(0, route));
  const std::string_view rest = text.substr(route);
  const std::size_t at = rest.rfind('@');
  const std::string_view local = rest.substr(0, at);
  if (!local.empty()) tokens.push_back({Token::Kind::Quoted, std::string(local)});
  if (at != std::string_view::npos) {
    tokens.push_back(Token::op('@'));
    append(tokens, scan_external(rest.substr(at + 1)));
  }
  return tokens;
}

std::string to_internal(const Tokens& tokens) {
  std::string out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0 && wants_blank(tokens[i - 1], tokens[i])) out += ' ';
    append_text(out, tokens[i]);
  }
  return out;
}

std::string quote_local_part(std::string_view local) {
  if (is_dot_string(local)) return std::string(local);
  std::string out = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\' || c == '\r') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string to_external(std::string_view internal) {
  const std::size_t route = route_length(internal);
  std::string out(internal.substr(0, route));
  const std::string_view rest = internal.substr(route);
  const std::size_t at = rest.rfind('@');
  out += quote_local_part(rest.substr(0, at));
  if (at != std::string_view::npos) out += rest.substr(at);
  return out;
}

std::optional<std::size_t> find_first(const Tokens& tokens, char op) {
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i].is(op)) return i;
  return std::nullopt;
}

std::optional<std::size_t> find_last(const Tokens& tokens, char op) {
  for (std::size_t i = tokens.size(); i-- > 0;)
    if (tokens[i].is(op)) return i;
  return std::nullopt;
}

}  // namespace handoff::rewrite
