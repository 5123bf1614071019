// capabilities.h - what a server's reply to EHLO offers (RFC 5321, 4.1.1.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "smtp/features.h"
#include "smtp/session_state.h"

namespace handoff::smtp {

// Keywords that the operator wants to be ignored (smtp_discard_ehlo_keywords).
class DiscardedKeywords {
 public:
  DiscardedKeywords() = default;
  // Words that nobody knows are named in a warning and have no effect.
  explicit DiscardedKeywords(std::string_view words);

  [[nodiscard]] bool contains(std::string_view keyword) const;
  [[nodiscard]] bool silent() const { return silent_; }
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

 private:
  std::vector<std::string> words_;  // lower case
  bool silent_ = false;             // "silent-discard": do not log it
};

// The first word after the code of a greeting or of the first EHLO line.
std::string_view announced_host(std::string_view reply_text);

// Adds what the reply offers to the session: features, SIZE limit, the server's name.
void learn_capabilities(std::string_view reply_text, const DiscardedKeywords& discarded,
                        SessionState& session);

}  // namespace handoff::smtp
