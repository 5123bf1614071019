#include "global/known_ports.h"

#include <gtest/gtest.h>

#include "support/log.h"

namespace handoff::global {
namespace {

using test::LogCapture;

TEST(KnownPorts, EachNameStandsForWhatFollowsTheLastEqualsSign) {
  EXPECT_EQ(parse_known_ports("lmtp=24, smtps = submissions\t=465,,2a=1"),
            (KnownPorts{{"lmtp", "24"}, {"smtps", "465"}, {"submissions", "465"}, {"2a", "1"}}));
  EXPECT_TRUE(parse_known_ports("").empty());
}

TEST(KnownPorts, ABadEntryIsLeftOutWithAWarning) {
  for (const auto& [entry, problem] : std::initializer_list<std::pair<std::string, std::string>>{
           {"a", "in \"a\" is not in \"name = value\" form"},
           {"a=", "in \"a=\": missing port value after \"=\""},
           {"a=smtp", "in \"a=smtp\": non-numerical service port"},
           {"{a=25}", "in \"{a=25}\": non-numerical service port"},
           {"a=b==25", "in \"a=b==25\": missing service name before \"=\""},
           {"=25", "in \"=25\": missing service name before \"=\""},
           {"24=25", "in \"24=25\": numerical service name"},
           {"ok=26", "in \"ok=26\": duplicate service name"}}) {
    LogCapture::expect("known_tcp_ports: " + problem);
    EXPECT_EQ(parse_known_ports("ok=1," + entry), (KnownPorts{{"ok", "1"}}));
  }
}

}  // namespace
}  // namespace handoff::global
