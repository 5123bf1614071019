// ldap_sasl.h - what SASL asks for when it binds to an LDAP server, answered by the parameters of
// the table; nobody is there to be asked.
#pragma once

#include <ldap.h>

#include "plugins/ldap_settings.h"

namespace handoff::plugins {

// The properties of the connection that are fixed before the first word. An error of LDAP.
int set_sasl_options(LDAP* handle, const LdapServer& server);

// A LDAP_SASL_INTERACT_PROC; `server` is a const LdapServer.
int answer_sasl(LDAP* handle, unsigned flags, void* server, void* questions) noexcept;

}  // namespace handoff::plugins
