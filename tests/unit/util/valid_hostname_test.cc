#include "util/valid_hostname.h"

#include <gtest/gtest.h>

#include <string>

namespace handoff::util {
namespace {

TEST(ValidHostname, TakesWhatPeopleUse) {
  for (const std::string& name :
       {std::string("a"), std::string("mx1.example.com"), std::string("a_b"), std::string("a.1"),
        std::string("1-2"), std::string(63, 'x') + ".b"})
    EXPECT_TRUE(valid_hostname(name)) << name;
}

TEST(ValidHostname, SaysWhatIsWrong) {
  const std::string long_label = std::string(64, 'x') + ".b";
  for (const auto& [name, problem] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "empty hostname"},
           {"-a", "misplaced hyphen: -a"},
           {"a-.b", "misplaced hyphen: a-.b"},
           {"a.-b", "misplaced hyphen: a.-b"},
           {"a..b", "misplaced delimiter: a..b"},
           {"a.b.", "misplaced delimiter: a.b."},
           {"a:25", "invalid character 58(decimal): a:25"},
           {".a", "misplaced delimiter: .a"},
           {".", "misplaced delimiter: ."},
           {"1.2.3.4", "numeric hostname: 1.2.3.4"},
           {"a b", "invalid character 32(decimal): a b"},
           {"[192.0.2.1]", "invalid character 91(decimal): [192.0.2.1]"},
           {long_label, "hostname label too long: " + long_label}})
    EXPECT_EQ(valid_hostname(name).error().what, "valid_hostname: " + problem);
  EXPECT_FALSE(valid_hostname(std::string(256, 'x')));
}

}  // namespace
}  // namespace handoff::util
