// NAME
//     smtp - the SMTP client
//
// SYNOPSIS
//     smtp [generic daemon options]
//
// DESCRIPTION
//     smtp(8) delivers mail over the network. It takes delivery requests from the queue manager,
//     one at a time; each names a queue file, a sender, some recipients and a next-hop destination,
//     or several, to be tried in order. It reports what became of each recipient to the log, to
//     bounce(8), under the service names bounce, defer and trace, and marks finished recipients in
//     the queue file.
//
//     A next-hop is a domain ("example.com", "example.com:port"), whose MX records are looked up,
//     or a host ("[mx.example.com]", "[192.0.2.1]:587"). Servers are tried by preference, those of
//     equal preference in random order, until the message is delivered, refused, or
//     smtp_mx_address_limit or smtp_mx_session_limit is reached.
//
//     After a delivery the connection is handed to scache(8) where the queue manager says that more
//     mail is waiting for the destination, or where smtp_connection_cache_destinations lists it.
//     The next process that has mail for the destination, or for another one with the same server,
//     asks with RSET whether the session is alive and goes on. Sessions are exchanged with smtp(8)
//     of Postfix 3.7 through one scache(8), in both directions.
//
// SECURITY
//     smtp(8) talks to servers that it does not trust. It can run chrooted and with fixed low
//     privileges.
//
// STANDARDS
//     RFC 1870 (SIZE), RFC 2034 (enhanced status codes), RFC 2920 (PIPELINING), RFC 3461 (DSN), RFC
//     5321 (SMTP), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8), RFC 7505 (null MX).
//
// DIAGNOSTICS
//     Each delivery attempt of each recipient ends in one line of the log, to syslogd(8) or
//     postlogd(8), with the server, the number of times that its connection has been used
//     (conn_use), the delays, and the server's reply.
//
// BUGS
//     There is no TLS, no SASL, no LMTP, and no rewriting or inspection of what is sent. Where
//     main.cf demands any of these the program stops with a message that names the parameter, and
//     mail stays in the queue.
//
// CONFIGURATION PARAMETERS
//     Changes to main.cf are picked up when a new process starts, or with "postfix reload".
//
//     @parameters except enable_long_queue_ids
//
// SEE ALSO
//     qmgr(8), queue manager
//     scache(8), connection cache server
//     bounce(8), delivery status reports
//     postconf(5), configuration parameters
//     master(8), process manager
#include "service/programs.h"
#include "smtp/service.h"

int main(int argc, char** argv) {
  using namespace handoff;
  return service::run_single_server(
      argc, argv, service::kSmtp.needs,
      [](service::Process& process) { return std::make_unique<smtp::SmtpService>(process); });
}
