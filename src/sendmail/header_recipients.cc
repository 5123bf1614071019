#include "sendmail/header_recipients.h"

#include <utility>

#include "global/address_quote.h"
#include "global/header_address.h"
#include "global/mail_header.h"

namespace handoff::sendmail {

using global::RecordType;

void HeaderRecipients::take(RecordType type, std::string_view text) {
  if (!in_header_) return;
  const bool goes_on = std::exchange(in_line_, type == RecordType::Piece);
  const bool continues =
      !header_.empty() && (goes_on || text.starts_with(' ') || text.starts_with('\t'));
  if (!continues) {
    end_header();
    in_header_ = global::header_name_length(text) > 0;
    if (!in_header_) return;
  } else if (!goes_on) {
    header_ += '\n';
  }
  header_ += text;
}

void HeaderRecipients::end_header() {
  const std::string header = std::exchange(header_, {});
  if (header.empty()) return;
  const auto field = global::HeaderField::split(header);
  if (global::header_role(field.name) != global::HeaderRole::Destination) return;
  auto& list = global::is_resent_header(field.name) ? resent_recipients_ : recipients_;
  for (const std::string& address : global::HeaderAddresses::parse(field.value).addresses())
    list.push_back(global::unquote_address(address));
}

const std::vector<std::string>& HeaderRecipients::finish() {
  end_header();
  return resent_recipients_.empty() ? recipients_ : resent_recipients_;
}

}  // namespace handoff::sendmail
