// cache_entry.h - what the connection cache knows about a session: labels and properties.
//
// Stock smtp(8) uses the sessions that we save, and the other way round: each byte counts
// (spec/smtp-client.md 2.2 and 2.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "smtp/session_state.h"

namespace handoff::smtp {

// What every label of a request has in common.
struct LabelScope {
  std::string service;  // as in the first column of master.cf
  // The envelope sender, where credentials depend on it.
  std::optional<std::string> sender;
  // Credentials depend on the server (smtp_sasl_password_maps is set).
  bool with_credentials = false;
};

// `next_hop` is the first element of the request's list, verbatim.
std::string destination_label(const LabelScope& scope, std::string_view next_hop);
std::string endpoint_label(const LabelScope& scope, const Server& server, int tls_level);

std::string destination_property(const SessionState& session);
std::string endpoint_property(const SessionState& session);

// The session that was stored so; nothing for malformed text. `destination` is empty after a
// look-up by address: then the server is `server`, and not known to be one of the best. The port is
// always that of `server`, since the cache does not store it. Counts the reuse that begins now.
std::optional<SessionState> activate(const Server& server, std::string_view destination,
                                     std::string_view endpoint);

}  // namespace handoff::smtp
