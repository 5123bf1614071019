#include "global/environment.h"

#include <gtest/gtest.h>

namespace handoff::global {
namespace {

using Words = std::vector<std::string>;

TEST(Environment, KeepsAndSetsWhatIsImportedInItsOrder) {
  const Environment own({"B=2", "SECRET=x", "A=1", "EMPTY="});
  const auto kept = own.filtered("A, B {C = x y} NONE EMPTY A=3");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->variables(), (Words{"A=3", "B=2", "C=x y", "EMPTY="}));
  EXPECT_FALSE(own.filtered("{ A = 1"));
}

TEST(Environment, ChangesInPlace) {
  Environment environment({"A=1", "AB=2"});
  environment.set("A", "3");
  environment.set("C", "4");
  environment.remove("AB");
  EXPECT_EQ(environment.variables(), (Words{"A=3", "C=4"}));
  EXPECT_EQ(environment.find("A"), "3");
  EXPECT_EQ(environment.find("B"), std::nullopt);
}

}  // namespace
}  // namespace handoff::global
