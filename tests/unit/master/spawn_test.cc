#include "master/spawn.h"

#include <gtest/gtest.h>

namespace handoff::master {
namespace {

using Words = std::vector<std::string>;

Endpoint inet(std::vector<std::string> addresses) {
  Endpoint endpoint;
  for (const std::string& address : addresses) {
    endpoint.addresses.push_back(*util::SocketAddress::parse(address, 25));
  }
  return endpoint;
}

Endpoint unix_socket() {
  Endpoint endpoint;
  endpoint.path = "private/x";
  return endpoint;
}

TEST(ChildArguments, FollowTheEntry) {
  Entry scache{
      .line = 1, .name = "scache", .chroot = true, .process_limit = 1, .command = "scache"};
  EXPECT_EQ(child_arguments(scache, unix_socket(), {}, false),
            (Words{"scache", "-l", "-t", "unix", "-u", "-c"}));
  Entry rewrite{.line = 1, .name = "rewrite", .process_limit = 100, .command = "trivial-rewrite"};
  EXPECT_EQ(child_arguments(rewrite, unix_socket(), {}, false),
            (Words{"trivial-rewrite", "-n", "rewrite", "-t", "unix", "-u"}));
  Entry local{.line = 1,
              .name = "local",
              .unprivileged = false,
              .process_limit = 0,
              .command = "sub/local",
              .arguments = {"a b"}};
  EXPECT_EQ(child_arguments(local, unix_socket(), {.attached = true, .verbose = true}, false),
            (Words{"sub/local", "-z", "-t", "unix", "-d", "-v", "a b"}));
}

TEST(ChildArguments, OutsideClientsBringStress) {
  Entry smtpd{
      .line = 1, .name = "25", .type = ServiceType::Inet, .process_limit = 2, .command = "smtpd"};
  EXPECT_EQ(child_arguments(smtpd, inet({"0.0.0.0", "::"}), {}, false),
            (Words{"smtpd", "-n", "25", "-t", "inet", "-u", "-o", "stress=", "-s", "2"}));
  EXPECT_EQ(child_arguments(smtpd, inet({"0.0.0.0"}), {}, true),
            (Words{"smtpd", "-n", "25", "-t", "inet", "-u", "-o", "stress=yes"}));
  EXPECT_FALSE(adapts_to_stress(smtpd, inet({"127.0.0.1", "::1"})));
  EXPECT_TRUE(adapts_to_stress(smtpd, inet({"127.0.0.1", "192.0.2.1"})));
  smtpd.process_limit = 1;
  EXPECT_FALSE(adapts_to_stress(smtpd, inet({"0.0.0.0"})));
  smtpd.process_limit = 0;
  EXPECT_FALSE(adapts_to_stress(smtpd, inet({"0.0.0.0"})));
}

TEST(ChildArguments, PassedClientsCountAsOutside) {
  Entry passed{
      .line = 1, .name = "p", .type = ServiceType::Pass, .process_limit = 100, .command = "p"};
  EXPECT_EQ(child_arguments(passed, unix_socket(), {}, false),
            (Words{"p", "-t", "pass", "-u", "-o", "stress="}));
}

TEST(Generation, IsWrittenInOctal) {
  EXPECT_EQ(generation_text(1), "1");
  EXPECT_EQ(generation_text(11), "13");
}

}  // namespace
}  // namespace handoff::master
