#include "trivial-rewrite/rewriter.h"

#include <iterator>
#include <utility>

namespace handoff::rewrite {

// "@a,@b:user@c" is "user@c" (RFC 5321, appendix C): everybody can reach c by now.
bool strip_route(Tokens& tokens) {
  if (tokens.empty() || !tokens[0].is('@')) return false;
  const auto colon = find_first(tokens, ':');
  if (!colon || *colon + 1 == tokens.size()) return false;
  tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(*colon) + 1);
  return true;
}

namespace {

void append_domain(Tokens& tokens, char separator, std::string_view domain) {
  tokens.push_back(Token::op(separator));
  for (Token& token : scan_external(domain)) tokens.push_back(std::move(token));
}

// "site!rest" to "rest@site"
void swap_bangpath(Tokens& tokens, std::size_t bang) {
  const auto middle = tokens.begin() + static_cast<std::ptrdiff_t>(bang);
  Tokens swapped(std::make_move_iterator(middle + 1), std::make_move_iterator(tokens.end()));
  swapped.push_back(Token::op('@'));
  swapped.insert(swapped.end(), std::make_move_iterator(tokens.begin()),
                 std::make_move_iterator(middle));
  tokens = std::move(swapped);
}

bool is_empty_local_part(const Tokens& tokens) {
  return tokens.size() == 1 && tokens[0].kind == Token::Kind::Quoted && tokens[0].text.empty();
}

void find_domain(Tokens& tokens, const RewriteRules& rules) {
  if (find_last(tokens, '@')) return;
  if (const auto bang = find_first(tokens, '!'); bang && rules.swap_bangpath) {
    swap_bangpath(tokens, *bang);
  } else if (const auto percent = find_last(tokens, '%'); percent && rules.allow_percent_hack) {
    tokens[*percent] = Token::op('@');
  } else if (!rules.origin.empty() && !is_empty_local_part(tokens)) {
    append_domain(tokens, '@', rules.origin);
  }
}

// "user@host", but neither "user@host.example" nor "user@[192.0.2.1]".
bool lacks_parent_domain(const Tokens& tokens) {
  const auto at = find_last(tokens, '@');
  if (!at || *at + 1 == tokens.size()) return false;
  for (std::size_t i = *at + 1; i < tokens.size(); ++i)
    if (tokens[i].is('.') || tokens[i].kind == Token::Kind::Literal) return false;
  return true;
}

}  // namespace

void strip_trailing_dot(Tokens& tokens) {
  const std::size_t n = tokens.size();
  if (n < 2 || !tokens[n - 1].is('.')) return;
  if (!tokens[n - 2].is('.') && !tokens[n - 2].is('@')) tokens.pop_back();
}

void rewrite(Tokens& tokens, const RewriteRules& rules) {
  strip_route(tokens);
  if (tokens.empty()) return;
  find_domain(tokens, rules);
  if (!rules.parent_domain.empty() && lacks_parent_domain(tokens))
    append_domain(tokens, '.', rules.parent_domain);
  strip_trailing_dot(tokens);
}

std::string rewrite_external(std::string_view address, const RewriteRules& rules) {
  if (address.empty()) return {};
  Tokens tokens = scan_external(address);
  if (tokens.size() == 1 && tokens[0].is('@')) tokens.clear();
  rewrite(tokens, rules);
  return to_external(to_internal(tokens));
}

}  // namespace handoff::rewrite
