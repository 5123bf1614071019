// setup.h - everything that main.cf and master.cf say, read and checked, before any of it is used.
//
// At start a mistake ends master. At a reload it only ends the attempt: the running system keeps
// the setup that it has.
#pragma once

#include <string>
#include <vector>

#include "global/config.h"
#include "global/mail_owner.h"
#include "global/own_addresses.h"
#include "global/params.h"
#include "master/endpoint.h"
#include "master/master_cf.h"
#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::master {

struct PlannedService {
  Entry entry;
  Endpoint endpoint;
};

struct Setup {
  global::Config config;
  global::Params params;
  global::MailOwner owner;
  std::vector<PlannedService> services;
  util::UniqueFd main_cf;     // what daemons are to read (main_cf_snapshot.h), when not the file,
  bool file_differs = false;  // because that has what cannot change, or is no good
};

// main.cf alone; what has to be known before the first line is logged.
struct MainSetup {
  global::Config config;
  global::Params params;
  global::MailOwner owner;
  global::InetProtocols protocols;
  std::string text;           // as daemons are to read it
  bool file_differs = false;  // from the text, which has what cannot change as it was
};
// At a reload, what cannot change (sockets and locks are where they were at start) is as in
// `running`, with a warning; for the daemons, too.
util::Result<MainSetup> read_main_cf(const global::Params* running = nullptr);

// And master.cf. Mistakes have been explained in the log.
util::Result<Setup> read_setup(MainSetup main);

// A later entry for the same service takes the place of an earlier one, with a warning.
void add_service(std::vector<PlannedService>& services, PlannedService service);

}  // namespace handoff::master
