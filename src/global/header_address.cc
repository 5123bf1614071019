// The grammar is read from the right. From the left one cannot tell, before it has been read to its
// end, whether "Joe User" begins a name (Joe User <joe@x>), is two addresses, or the title of a
// group (Joe User: a, b;). From the right, each "<" is known to be one by the ">" already seen,
// a ";" opens a group that ends at its ":", and what is left over before either is a name.

#include "global/header_address.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "global/address_quote.h"
#include "util/text.h"

namespace handoff::global {
namespace {

using Kind = HeaderToken::Kind;
using Tokens = std::vector<HeaderToken>;

constexpr std::size_t kLineLimit = 69;
constexpr std::string_view kSpecials = ",:;<>@.";
constexpr std::string_view kWordEnds = "(<>@,;:\".[ \t\r\n\v\f";

// --- Text to tokens.

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  Tokens run() {
    Tokens tokens;
    while (at_ < text_.size()) {
      if (util::is_blank(text_[at_])) {
        ++at_;
      } else {
        tokens.push_back(next());
      }
    }
    return tokens;
  }

 private:
  HeaderToken next() {
    const char c = text_[at_];
    if (c == '"') return quoted();
    if (c == '(') return comment();
    if (c == '[') return literal();
    if (kSpecials.find(c) != std::string_view::npos)
      return HeaderToken{Kind::Special, std::string(1, text_[at_++])};
    return word();
  }

  HeaderToken quoted() {
    std::string text;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) append_escaped(text);
    if (at_ < text_.size()) ++at_;
    return {Kind::Quoted, std::move(text)};
  }

  // Kept as written, but on one line.
  HeaderToken comment() {
    std::string text;
    int depth = 0;
    do {
      const char c = text_[at_++];
      text += util::is_blank(c) ? ' ' : c;
      if (c == '\\' && at_ < text_.size()) text += text_[at_++];
      if (c == '(') ++depth;
      if (c == ')') --depth;
    } while (depth > 0 && at_ < text_.size());
    return {Kind::Comment, std::move(text)};
  }

  HeaderToken literal() {
    std::string text;
    for (; at_ < text_.size() && text_[at_] != ']'; ++at_) append_escaped(text);
    if (at_ < text_.size()) ++at_;
    return {Kind::Literal, text + ']'};
  }

  HeaderToken word() {
    std::string text;
    bool had_backslash = false;
    while (at_ < text_.size() && kWordEnds.find(text_[at_]) == std::string_view::npos) {
      had_backslash |= text_[at_] == '\\';
      append_escaped(text);
      ++at_;
    }
    const Kind kind = had_backslash && !is_dot_atom(text) ? Kind::Quoted : Kind::Word;
    return {kind, std::move(text)};
  }

  // The byte here, or the one behind a backslash; every blank is a space.
  void append_escaped(std::string& text) {
    if (text_[at_] == '\\' && ++at_ == text_.size()) return;
    text += util::is_blank(text_[at_]) ? ' ' : text_[at_];
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_special(const HeaderToken& token, char which) {
  return token.kind == Kind::Special && token.text[0] == which;
}

bool is_word(const HeaderToken& token) {
  return token.kind == Kind::Word || token.kind == Kind::Quoted || token.kind == Kind::Literal;
}

std::string written(const HeaderToken& token) {
  return token.kind == Kind::Quoted ? quoted_string(token.text) : token.text;
}

// What an address consists of, without blanks.
std::string address_text(const Tokens& tokens) {
  std::string text;
  for (const HeaderToken& token : tokens) {
    text += written(token);
    if (is_special(token, ',')) text += ' ';
  }
  return text;
}

// --- Tokens to addresses, from the right; results are collected in reverse order.

class Parser {
 public:
  explicit Parser(Tokens tokens) : in_(std::move(tokens)), left_(in_.size()) {}

  Tokens run() {
    while (left_ > 0) {
      const HeaderToken& token = last();
      if (token.kind == Kind::Comment) {
        emit(take());
      } else if (is_special(token, ';')) {
        separate_from_next();
        in_group_ = true;
        emit(take());
      } else if (is_special(token, ':') && std::exchange(in_group_, false)) {
        emit(take());
        group_name();
      } else if (is_special(token, ',')) {
        emit(take());
      } else if (is_special(token, '>') && opened()) {
        separate_from_next();
        angle_address();
        name();
      } else {
        separate_from_next();
        address();
      }
    }
    std::ranges::reverse(out_);
    return std::move(out_);
  }

 private:
  const HeaderToken& last() const { return in_[left_ - 1]; }
  HeaderToken take() { return std::move(in_[--left_]); }
  void emit(HeaderToken token) { out_.push_back(std::move(token)); }

  // Is there a "<" for the ">" here?
  bool opened() const {
    for (std::size_t i = left_ - 1; i > 0; --i)
      if (is_special(in_[i - 1], '<')) return true;
    return false;
  }

  // Two addresses, or a group and an address, with nothing in between: a comma was forgotten.
  // Comments belong to what stands before them.
  void separate_from_next() {
    const auto next = std::find_if(out_.rbegin(), out_.rend(), [](const HeaderToken& token) {
      return token.kind != Kind::Comment;
    });
    if (next == out_.rend() || is_special(*next, ',') || is_special(*next, ';') ||
        is_special(*next, ':') || is_special(*next, '<'))
      return;
    out_.insert(next.base(), HeaderToken{Kind::Special, ","});
  }

  void angle_address() {
    emit(take());
    Tokens inside;
    Tokens comments;
    while (left_ > 0 && !is_special(last(), '<')) {
      const bool comment = last().kind == Kind::Comment;
      (comment ? comments : inside).push_back(take());
    }
    std::ranges::reverse(inside);
    for (HeaderToken& comment : comments) emit(std::move(comment));
    if (!inside.empty()) emit({Kind::Address, address_text(inside)});
    if (left_ > 0) emit(take());
  }

  // What stands before a "<"; it may contain anything but what ends an address.
  void name() {
    while (left_ > 0 && !is_special(last(), ',') && !is_special(last(), '>') &&
           !is_special(last(), ';') && !(is_special(last(), ':') && in_group_))
      emit(take());
  }

  // What stands before a ":", up to the comma that it ought to be separated by.
  void group_name() {
    for (; left_ > 0 && !is_special(last(), ','); emit(take()))
      if (is_special(last(), ':')) in_[left_ - 1].kind = Kind::Mark;
  }

  // word *("." word) ["@" word *("." word)], comments anywhere.
  void address() {
    Tokens parts;
    Tokens comments;
    bool expect_word = true;
    while (left_ > 0) {
      const HeaderToken& token = last();
      if (token.kind == Kind::Comment) {
        comments.push_back(take());
        continue;
      }
      if (is_special(token, ',') || is_special(token, ';') || is_special(token, '>') ||
          (is_special(token, ':') && in_group_))
        break;
      if (is_word(token) && !expect_word) break;
      expect_word = !is_word(token);
      parts.push_back(take());
    }
    for (HeaderToken& comment : comments) emit(std::move(comment));
    std::ranges::reverse(parts);
    if (!parts.empty()) {
      emit({Kind::Address, address_text(parts)});
    } else if (left_ > 0 && is_special(last(), '>')) {
      emit(take());
    }
  }

  Tokens in_;
  std::size_t left_;
  Tokens out_;
  bool in_group_ = false;
};

// --- Addresses to text.

bool takes_blank_before(const HeaderToken& previous, const HeaderToken& token) {
  if (is_special(previous, ',') || is_special(previous, ':') || is_special(token, '<')) return true;
  const auto binds = [](const HeaderToken& one) {
    return one.kind == Kind::Special || one.kind == Kind::Mark;
  };
  return !binds(previous) && !binds(token);
}

}  // namespace

HeaderAddresses HeaderAddresses::parse(std::string_view value) {
  HeaderAddresses result;
  result.tokens_ = Parser(Tokenizer(value).run()).run();
  return result;
}

std::vector<std::string> HeaderAddresses::addresses() const {
  std::vector<std::string> result;
  for (const HeaderToken& token : tokens_)
    if (token.kind == Kind::Address) result.push_back(token.text);
  return result;
}

bool HeaderAddresses::rewrite(const std::function<std::string(std::string_view)>& change) {
  bool changed = false;
  for (HeaderToken& token : tokens_) {
    if (token.kind != Kind::Address) continue;
    std::string other = change(token.text);
    changed |= other != token.text;
    token.text = std::move(other);
  }
  return changed;
}

std::string HeaderAddresses::to_header(std::string_view name) const {
  std::string header = std::string(name) + ":";
  std::size_t line_start = 0;
  std::string piece;  // up to and including a comma
  const HeaderToken* previous = nullptr;
  bool first = true;
  const auto flush = [&] {
    if (piece.empty() && !first) return;
    if (!first && header.size() - line_start + 1 + piece.size() > kLineLimit) {
      header += "\n\t";
      line_start = header.size() - 1;
    } else if (!piece.empty() || first) {
      header += ' ';
    }
    header += piece;
    piece.clear();
    first = false;
  };
  for (const HeaderToken& token : tokens_) {
    if (!piece.empty() && previous != nullptr && takes_blank_before(*previous, token)) piece += ' ';
    piece += written(token);
    previous = &token;
    if (is_special(token, ',')) flush();
  }
  if (!piece.empty()) {
    flush();
  } else if (!first) {
    header += ' ';
  }
  return header;
}

std::string quote_phrase(std::string_view name) {
  std::string phrase;
  bool needs_quotes = false;
  std::string plain;
  for (const std::string_view word : util::split(name, util::kBlanks)) {
    if (!plain.empty()) plain += ' ';
    plain += word;
    needs_quotes |= word.find('.') != std::string_view::npos || !is_dot_atom(word);
  }
  return needs_quotes ? quoted_string(plain) : plain;
}

}  // namespace handoff::global
