// scache_desk.h - what a test of one of the server's dialogues needs around it.
#pragma once

#include <gtest/gtest.h>

#include "global/scache_dialogue.h"
#include "global/session_cache_multi.h"
#include "util/manual_scheduler.h"

namespace handoff::global::scache {

class DeskTest : public testing::Test {
 protected:
  util::ManualScheduler clock;
  MultiSessionCache cache{clock};
  Statistics statistics{0};
  int relieved = 0;
  Desk desk{.scheduler = clock,
            .cache = cache,
            .statistics = statistics,
            .client_name = "scache socket",
            .ttl_limit = std::chrono::seconds(5),
            .stall_limit = std::chrono::seconds(60),
            .relieve = [this] { return ++relieved > 0; }};
};

}  // namespace handoff::global::scache
