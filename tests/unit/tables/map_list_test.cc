#include "tables/map_list.h"

#include <gtest/gtest.h>

#include "support/log.h"

namespace handoff::tables {
namespace {

using test::LogCapture;

TEST(MapList, TheFirstTableThatKnowsTheKeyAnswers) {
  const MapList maps("test_maps", "inline:{a=1}, inline:{a=2,b=3} fail:x", {});
  EXPECT_EQ(*maps.find("a"), "1");
  EXPECT_EQ(*maps.find("B"), "3");
  EXPECT_FALSE(maps.find("")->has_value());
  EXPECT_TRUE(MapList("test_maps", " , ", {}).empty());
}

TEST(MapList, AnErrorIsTheEndOfTheSearch) {
  LogCapture::expect("warning: fail:x lookup error for \"a\"");
  EXPECT_FALSE(MapList("test_maps", "fail:x static:1", {}).find("a"));
}

TEST(MapList, NobodyMeansAnEmptyValue) {
  LogCapture::expect("warning: test_maps lookup of a returns an empty string result");
  LogCapture::expect("warning: test_maps should return NO RESULT in case of NOT FOUND");
  EXPECT_TRUE(is_misconfigured(MapList("test_maps", "inline:{a=}", {}).find("a").error()));
}

TEST(MapList, PatternsAreAskedForWholeKeys) {
  const MapList maps("test_maps", "regexp:{{/./ pattern}} static:literal", {});
  EXPECT_EQ(*maps.find("a@b"), "pattern");
  EXPECT_EQ(*maps.find("b", MapList::Key::Part), "literal");
}

}  // namespace
}  // namespace handoff::tables
