#include "master/service.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>

#include "support/files.h"
#include "util/manual_scheduler.h"
#include "util/sockets.h"

namespace handoff::master {
namespace {

using namespace std::chrono_literals;

// Reports that it is busy, tells the test that it has, and stays until it is ended.
constexpr const char* kBusyDaemon = R"sh(#!/bin/sh
word() { for shift in 0 8 16 24; do printf '\\%03o' $(($1 >> $shift & 255)); done; }
printf "$(word $$)$(word $((0$GENERATION)))$(word 0)" >&5
echo >note
exec sleep 1000
)sh";
constexpr const char* kSocket = "private-busy";

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    std::ofstream("busy") << kBusyDaemon;
    (void)chmod("busy", 0755);
    (void)mkfifo("note", 0600);
    spawner.configure(".", Environment::own());
    std::vector<util::UniqueFd> listeners;
    listeners.push_back(*util::listen_unix(kSocket, 5, 0600));
    service.emplace(ServiceContext{scheduler, spawner, 60s}, entry, Endpoint{kSocket, kSocket},
                    std::move(listeners));
    service->start(*StatusPair::open());
  }
  ~ServiceTest() override {
    const auto children = service->children();
    service->remove();
    for (const pid_t pid : children) (void)waitpid(pid, nullptr, 0);
  }

  // Returns when the process that was started for the client has reported.
  void connect() {
    clients.push_back(*util::connect_unix(kSocket, 5s));
    scheduler.ready();
    std::string line;
    std::ifstream note("note");
    std::getline(note, line);
  }

  test::WorkingDirectory directory;
  util::ManualScheduler scheduler;
  Spawner spawner{{}};
  Entry entry{.name = kSocket, .process_limit = 5, .command = "busy"};
  std::optional<Service> service;
  std::vector<util::UniqueFd> clients;
};

TEST_F(ServiceTest, WhatAProcessHasReportedBeforeAReloadCounts) {
  connect();
  ASSERT_EQ(service->children().size(), 1U);
  service->reconfigure(entry, 60s, *StatusPair::open());
  clients.push_back(*util::connect_unix(kSocket, 5s));
  scheduler.ready();
  EXPECT_EQ(service->children().size(), 2U) << "nobody listens";
}

}  // namespace
}  // namespace handoff::master
