// NAME
//     scache - the shared connection cache server
//
// SYNOPSIS
//     scache [generic daemon options]
//
// DESCRIPTION
//     scache(8) keeps open connections for the delivery processes of a mail system. A process
//     that has delivered a message hands the connection over instead of closing it; the next
//     process with mail for the same destination takes it, already greeted, and goes on where the
//     first one stopped.
//
//     A physical endpoint is the address of a server; it has sessions, which are given away in the
//     order in which they came. A logical destination is a domain or a next-hop; it is bound to
//     endpoints. Both have labels that only the clients understand, and a time to live of their
//     own (at most connection_cache_ttl_limit). There is room for connection_cache_size_limit
//     sessions, and where these limits are set for connection_cache_service_size_limit of one
//     delivery service and connection_cache_endpoint_size_limit to one server; the oldest one
//     makes room for a new one.
//
//     A session that nobody takes is closed when its time is up, with the farewell that its owner
//     wanted (smtp(8): QUIT). A session whose remote end closes it, or says something, is closed
//     at once.
//
//     Postfix's own clients and servers see nothing else. Handoff's clients find a second socket
//     beside the first one, where a session and its binding are saved with their farewell, or
//     found, in one round trip. Where there is no such socket they do with the first.
//
//     The service runs as one process, and leaves when it had no client for max_idle and there are
//     no sessions left. When it has to make room for a new process ("postfix reload") it finishes
//     the requests in hand and hands its sessions to that one, with the time that they have left,
//     and its clients: they and remote ends see nothing of it. When the mail system stops the
//     sessions are closed.
//
// SECURITY
//     scache(8) is not security-sensitive: it talks neither to the network nor to people. It can
//     run chrooted and with fixed low privileges. It must not take requests from processes outside
//     the mail system, for it gives connections away to whoever asks. The second socket serves
//     root and the user that scache(8) itself runs as.
//
// DIAGNOSTICS
//     Problems and hit rates are logged to syslogd(8) or postlogd(8), the latter every
//     connection_cache_status_update_time and at exit:
//
//         statistics: start interval Nov 21 20:53:01
//         statistics: domain lookup hits=1 miss=1 success=50%
//         statistics: address lookup hits=0 miss=1 success=0%
//         statistics: max simultaneous domains=1 addresses=1 connection=1
//
//     and at a reload, by the old process and by the new one:
//
//         handed 7 cached connections to the next process
//         took 7 cached connections from the process before
//
//     What is wrong with a request is logged in the words of Postfix's scache(8). Bad requests on
//     the second socket are logged once a minute, with their number.
//
// DIFFERENCES FROM POSTFIX
//     Clients are served side by side. One that stops in the middle of a request delays nobody;
//     it is closed after ipc_timeout instead of being told about the failure.
//
//     A process that is idle stays as long as it has sessions. SIGTERM is no sudden end: sessions
//     get their farewell, and the statistics are logged.
//
//     Times to live end at the millisecond, never earlier. Sessions that are known to be dead are
//     not given away.
//
//     Requests that are sent without waiting for the reply to the one before are all answered; so
//     is a request in place of the second "dummy" after a hit. A descriptor that comes before the
//     server has asked for it is taken.
//
//     A malformed request ends at its terminator: strings behind the mistake are neither taken
//     for requests nor logged one by one, however they arrive. Before the attribute "request"
//     names and values are told apart.
//
//     Descriptors that nobody asked for are closed, and a client that sends 20 malformed requests
//     in a row, a string of more than 1 MByte or a request of more than 16 MByte is disconnected.
//     An eighth of the open files is kept for clients, or a thirty-second part where
//     connection_cache_size_limit is larger than the rest. When descriptors run out nevertheless,
//     the sessions that are nearest to their end are closed to make room.
//
// BUGS
//     Sessions that come from Postfix's own clients are closed without saying QUIT. When the
//     process after a reload is Postfix's scache(8), it warns of a request that it does not know,
//     and the sessions are closed; clients connect again.
//
// CONFIGURATION PARAMETERS
//     Changes to main.cf are picked up at the next start of the process, or with "postfix reload".
//
//     @parameters except max_use
//
// FILES
//     private/scache
//         In the queue directory: the socket that master(8) listens at.
//     private/scache.handoff
//         The second socket, after the name of the service. It is made by scache(8), and stays
//         when the process ends. A service that is not private, or of another type than "unix",
//         has none.
//
// SEE ALSO
//     smtp(8), SMTP client
//     lmtp(8), LMTP client of Postfix
//     postconf(5), configuration parameters
//     master(8), process manager
#include "scache/service.h"
#include "service/programs.h"

int main(int argc, char** argv) {
  using namespace handoff;
  const auto make = [](service::MultiServer& server) {
    return std::make_unique<scache::ScacheService>(server);
  };
  return service::run_multi_server(argc, argv, service::kScache.needs, make);
}
