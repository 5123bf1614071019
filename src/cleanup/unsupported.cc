#include "cleanup/unsupported.h"

#include "global/unsupported.h"

namespace handoff::cleanup {

void refuse_unsupported(const global::Config& config, const global::Params& params) {
  const global::Unsupported parameters[] = {
      {"header_checks", !params.header_checks.empty(), true},
      {"mime_header_checks", !params.mime_header_checks.empty(), true},
      {"nested_header_checks", !params.nested_header_checks.empty(), true},
      {"body_checks", !params.body_checks.empty(), true},
      {"canonical_maps", !params.canonical_maps.empty(), true},
      {"sender_canonical_maps", !params.sender_canonical_maps.empty(), true},
      {"recipient_canonical_maps", !params.recipient_canonical_maps.empty(), true},
      {"virtual_alias_maps", !params.virtual_alias_maps.empty(), true},
      {"sender_bcc_maps", !params.sender_bcc_maps.empty(), true},
      {"recipient_bcc_maps", !params.recipient_bcc_maps.empty(), true},
      {"masquerade_domains", !params.masquerade_domains.empty(), true},
      {"non_smtpd_milters", !params.non_smtpd_milters.empty(), true},
      {"message_reject_characters", !params.message_reject_characters.empty(), true},
      {"message_strip_characters", !params.message_strip_characters.empty(), true},
      {"strict_7bit_headers", params.strict_7bit_headers, false},
      {"strict_8bitmime", params.strict_8bitmime, false},
      {"strict_8bitmime_body", params.strict_8bitmime_body, false},
      {"strict_mime_encoding_domain", params.strict_mime_encoding_domain, false},
  };
  global::refuse_unsupported(config, parameters, "no mail is accepted until it is unset");
}

}  // namespace handoff::cleanup
