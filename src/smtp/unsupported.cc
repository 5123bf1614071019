#include "smtp/unsupported.h"

#include <string>

#include "global/unsupported.h"

namespace handoff::smtp {

void refuse_unsupported(const global::Config& config, const global::Params& params) {
  const std::string& level = params.smtp_tls_security_level;
  const bool opportunistic = level == "may" || (level.empty() && params.smtp_use_tls);
  const bool notices = params.notify_classes.find("protocol") != std::string::npos ||
                       params.notify_classes.find("data") != std::string::npos;
  const global::Unsupported parameters[] = {
      {"smtp_tls_security_level", !level.empty() && level != "none" && level != "may", true},
      {"smtp_enforce_tls", level.empty() && params.smtp_enforce_tls, true},
      {"smtp_tls_policy_maps", !params.smtp_tls_policy_maps.empty(), true},
      {"smtp_tls_per_site", !params.smtp_tls_per_site.empty(), true},
      {"smtp_tls_wrappermode", params.smtp_tls_wrappermode, true},
      {"smtp_sasl_auth_enable", params.smtp_sasl_auth_enable, true},
      {"smtp_generic_maps", !params.smtp_generic_maps.empty(), true},
      {"smtp_header_checks", !params.smtp_header_checks.empty(), true},
      {"smtp_mime_header_checks", !params.smtp_mime_header_checks.empty(), true},
      {"smtp_nested_header_checks", !params.smtp_nested_header_checks.empty(), true},
      {"smtp_body_checks", !params.smtp_body_checks.empty(), true},
      {"smtp_reply_filter", !params.smtp_reply_filter.empty(), true},
      {"smtp_dns_reply_filter", !params.smtp_dns_reply_filter.empty(), true},
      {"smtp_delivery_status_filter", !params.smtp_delivery_status_filter.empty(), true},
      {level.empty() ? "smtp_use_tls" : "smtp_tls_security_level", opportunistic, false},
      {"smtp_discard_ehlo_keyword_address_maps",
       !params.smtp_discard_ehlo_keyword_address_maps.empty(), false},
      {"smtp_pix_workaround_maps", !params.smtp_pix_workaround_maps.empty(), false},
      {"smtp_dns_resolver_options", !params.smtp_dns_resolver_options.empty(), false},
      {"best_mx_transport", !params.best_mx_transport.empty(), false},
      {"debug_peer_list", !params.debug_peer_list.empty(), false},
      {"notify_classes", notices, false},
  };
  global::refuse_unsupported(config, parameters, "mail is kept in the queue until it is unset");
}

}  // namespace handoff::smtp
