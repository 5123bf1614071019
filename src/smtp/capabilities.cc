#include "smtp/capabilities.h"

#include <algorithm>
#include <array>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::smtp {

namespace {

constexpr std::string_view kSeparators = " \t=";
constexpr std::size_t kCodeLength = 4;  // "250-"

constexpr std::string_view kSilentDiscard = "silent-discard";
constexpr std::array<std::string_view, 14> kDiscardable = {
    "8bitmime", "auth",       "chunking", "dsn",      "enhancedstatuscodes",
    "etrn",     "pipelining", "size",     "smtputf8", "starttls",
    "verp",     "vrfy",       "xclient",  "xforward"};

struct Keyword {
  std::string_view name;
  feature::Set feature;
};

constexpr std::array<Keyword, 6> kPlainKeywords = {{
    {"8BITMIME", feature::k8BitMime},
    {"PIPELINING", feature::kPipelining},
    {"STARTTLS", feature::kStartTls},
    {"DSN", feature::kDsn},
    {"SMTPUTF8", feature::kSmtpUtf8},
    {"SIZE", feature::kSize},
}};

constexpr std::array<Keyword, 7> kXforwardAttributes = {{
    {"NAME", feature::kXforwardName},
    {"ADDR", feature::kXforwardAddress},
    {"PORT", feature::kXforwardPort},
    {"PROTO", feature::kXforwardProtocol},
    {"HELO", feature::kXforwardHelo},
    {"IDENT", feature::kXforwardIdent},
    {"SOURCE", feature::kXforwardSource},
}};

feature::Set feature_of(std::string_view word, const auto& table) {
  for (const Keyword& keyword : table)
    if (util::equal_ignoring_case(word, keyword.name)) return keyword.feature;
  return 0;
}

void learn_size(std::string_view limit, SessionState& session) {
  if (limit.empty()) return;
  const auto value = util::to_int64(limit);
  if (value && *value >= 0 && util::is_digit(limit[0]))
    session.size_limit = *value;
  else
    msg::warn("bad EHLO SIZE limit \"{}\" from {}", limit, session.server.name_and_port());
}

void learn_line(std::string_view line, const DiscardedKeywords& discarded, SessionState& session) {
  std::string_view keyword = util::next_word(line, kSeparators);
  if (keyword.empty() || discarded.contains(keyword)) return;
  if (util::equal_ignoring_case(keyword, "XFORWARD")) {
    for (auto word = util::next_word(line, kSeparators); !word.empty();
         word = util::next_word(line, kSeparators))
      session.features |= feature_of(word, kXforwardAttributes);
    return;
  }
  const feature::Set offered = feature_of(keyword, kPlainKeywords);
  session.features |= offered;
  if (offered == feature::kSize) learn_size(util::next_word(line, kSeparators), session);
}

}  // namespace

DiscardedKeywords::DiscardedKeywords(std::string_view words) {
  for (std::string_view word : util::split(words, ", \t\r\n")) {
    const std::string lower = util::to_lower(word);
    if (lower == kSilentDiscard)
      silent_ = true;
    else if (std::find(kDiscardable.begin(), kDiscardable.end(), lower) != kDiscardable.end())
      words_.push_back(lower);
    else
      msg::warn("unknown EHLO keyword in smtp_discard_ehlo_keywords: {}", word);
  }
}

bool DiscardedKeywords::contains(std::string_view keyword) const {
  return std::find(words_.begin(), words_.end(), util::to_lower(keyword)) != words_.end();
}

std::string_view announced_host(std::string_view reply_text) {
  reply_text = reply_text.substr(0, reply_text.find('\n'));
  if (reply_text.size() < kCodeLength) return {};
  reply_text.remove_prefix(kCodeLength);
  return util::next_word(reply_text);
}

void learn_capabilities(std::string_view reply_text, const DiscardedKeywords& discarded,
                        SessionState& session) {
  session.helo_name = announced_host(reply_text);
  const auto lines = util::split(reply_text, "\n");
  for (std::size_t i = 1; i < lines.size(); ++i)
    if (lines[i].size() > kCodeLength) learn_line(lines[i].substr(kCodeLength), discarded, session);
  if (session.has(feature::kSmtpUtf8) && !session.has(feature::k8BitMime)) {
    msg::info("host {} offers SMTPUTF8 support, but not 8BITMIME", session.server.name());
    session.features |= feature::k8BitMime;
  }
}

}  // namespace handoff::smtp
