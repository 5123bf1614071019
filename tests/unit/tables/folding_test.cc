#include "tables/folding.h"

#include <gtest/gtest.h>

#include "tables/table.h"

namespace handoff::tables {
namespace {

TEST(Folding, KnowsMoreThanAscii) {
  EXPECT_EQ(fold("ABC", true), "abc");
  EXPECT_EQ(fold("É", true), "é");
  EXPECT_EQ(fold("Straße", true), fold("STRASSE", true));
  EXPECT_EQ(fold("É", false), "É");
}

TEST(Folding, LeavesBytesThatAreNoText) {
  EXPECT_EQ(fold("A\xff", true), "a\xff");
}

TEST(Folding, HoldsForKeysAndQuestions) {
  TableOptions options;
  options.utf8 = true;
  EXPECT_EQ(*open_table("inline:{É=1}", options)->lookup("é"), "1");
  options.utf8 = false;
  EXPECT_FALSE(open_table("inline:{É=1}", options)->lookup("é")->has_value());
}

TEST(CombinedTables, AskOneAfterTheOther) {
  EXPECT_EQ(*open_table("pipemap:{inline:{1=A},inline:{a=3}}")->lookup("1"), "3");
  EXPECT_FALSE(open_table("pipemap:{inline:{1=A},inline:{b=3}}")->lookup("1")->has_value());
  EXPECT_FALSE(open_table("pipemap:{static:a,fail:x}")->lookup("1"));
  EXPECT_EQ(*open_table("unionmap:{inline:{1=2},inline:{2=0},static:4}")->lookup("1"), "2,4");
  EXPECT_FALSE(open_table("unionmap:{inline:{1=2},fail:x}")->lookup("1"));
  EXPECT_EQ(open_table("unionmap:{regexp:{{/a/ b}}, static:x}")->keys(), Table::Keys::Pattern);
}

TEST(CombinedTables, SayWhatTheyNeed) {
  EXPECT_EQ(try_open_table("unionmap:{foo}").error().what,
            "bad syntax: \"unionmap:{foo}\"; need \"unionmap:{type:name...}\"");
  EXPECT_EQ(try_open_table("randmap:x").error().what,
            "bad syntax: \"randmap:x\"; need \"randmap:{value...}\"");
}

TEST(SystemTables, ShowAccountsAndTheEnvironment) {
  EXPECT_EQ(open_table("unix:passwd.byname")->lookup("ROOT")->value().substr(0, 9), "root:x:0:");
  setenv("handoff_test", "value", 1);
  const SharedTable environment = open_table("environ:x");
  EXPECT_EQ(*environment->lookup("handoff_test"), "value");
  EXPECT_TRUE(*environment->update("handoff_test", "other"));
  EXPECT_EQ(*environment->lookup("handoff_test"), "other");
  unsetenv("handoff_test");
}

}  // namespace
}  // namespace handoff::tables
