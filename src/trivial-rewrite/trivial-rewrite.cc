// NAME
//     trivial-rewrite - address rewriting and resolving
//
// SYNOPSIS
//     trivial-rewrite [generic daemon options]
//
// DESCRIPTION
//     The trivial-rewrite daemon answers two kinds of questions.
//
//     rewrite: an address in complete form. In the context "local", addresses without a domain
//     get @$myorigin and those without a complete domain .$mydomain; in the context "remote" both
//     get $remote_header_rewrite_domain, if that is set. Source routes are removed; site!user and
//     user%site become user@site.
//
//     resolve: where an address goes, as transport, next-hop and recipient, with flags that tell
//     the address class. "verify" is the same for address probes.
//
//     A change of an indexed table (hash, btree, lmdb, cdb) is noticed. Other tables, such as
//     regexp and texthash, are read again after "postfix reload".
//
// SECURITY
//     Not sensitive. It can run chrooted; tables are opened before.
//
// DIAGNOSTICS
//     Problems and transactions are logged to syslogd(8) or postlogd(8).
//
// BUGS
//     An extremely odd address (an escaped "%" behind a "!" in the local part of an address of
//     ours; quotes across the colon of a source route) is taken apart in another order than by
//     Postfix's.
//
// CONFIGURATION PARAMETERS
//     Changes to main.cf take effect with "postfix reload".
//
//     @parameters
//
// SEE ALSO
//     transport(5), tables(5), cleanup(8), qmgr(8), master(8), postconf(5)

#include "service/multi_server.h"
#include "service/programs.h"
#include "trivial-rewrite/rewrite_service.h"
#include "trivial-rewrite/rules.h"

int main(int argc, char** argv) {
  using namespace handoff;
  return service::run_multi_server(
      argc, argv, service::kTrivialRewrite.needs, [](service::MultiServer& server) {
        return std::make_unique<rewrite::RewriteService>(
            server, rewrite::load_rules(server.config(), server.params()));
      });
}
