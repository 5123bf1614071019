#include "plugins/ldap_sasl.h"

#include <sasl/sasl.h>

#include <string>

namespace handoff::plugins {
namespace {

const std::string* answer_to(unsigned long question, const LdapServer& server) {
  switch (question) {
    case SASL_CB_AUTHNAME:
      return &server.bind_dn;
    case SASL_CB_USER:
      return &server.sasl_authorization_id;
    case SASL_CB_PASS:
    case SASL_CB_ECHOPROMPT:
    case SASL_CB_NOECHOPROMPT:
      return &server.bind_password;
    case SASL_CB_GETREALM:
      return &server.sasl_realm;
    default:
      return nullptr;
  }
}

void answer_one(sasl_interact_t& question, const LdapServer& server) {
  const std::string* answer = answer_to(question.id, server);
  std::string_view text = answer == nullptr ? std::string_view() : *answer;
  if (text.empty() && question.defresult != nullptr) text = question.defresult;
  // An answer without any character is one as well, a null pointer is none.
  question.result = text.empty() ? "" : text.data();
  question.len = static_cast<unsigned>(text.size());
}

}  // namespace

int set_sasl_options(LDAP* handle, const LdapServer& server) {
  const auto least = static_cast<ber_len_t>(server.sasl_least_strength);
  return ldap_set_option(handle, LDAP_OPT_X_SASL_SSF_MIN, &least);
}

int answer_sasl(LDAP*, unsigned, void* server, void* questions) noexcept {
  for (auto* question = static_cast<sasl_interact_t*>(questions); question->id != SASL_CB_LIST_END;
       ++question)
    answer_one(*question, *static_cast<const LdapServer*>(server));
  return LDAP_SUCCESS;
}

}  // namespace handoff::plugins
