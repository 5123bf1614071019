#include "tables/table_options.h"

#include <gtest/gtest.h>

namespace handoff::tables {
namespace {

TEST(TableOptions, TravelAsStocksFlags) {
  TableOptions options;
  EXPECT_EQ(to_flags(options), 16384U);
  options.lock = true;
  EXPECT_EQ(to_flags(options), 16448U);
  options.duplicates = Duplicates::Replace;
  options.trailing_nul = TrailingNul::With;
  options.utf8 = options.no_substitution = options.values_are_files = true;
  EXPECT_EQ(to_flags(options), 16448U + 128U + 8U + 524288U + 2048U + 2097152U);
}

TEST(TableOptions, AreNamedAsInStocksLog) {
  TableOptions options;
  options.lock = options.utf8 = true;
  EXPECT_EQ(describe(options), "0,lock|fold_fix|utf8_request");
  options.access = Access::Write;
  EXPECT_EQ(describe(options).substr(0, 2), "2,");
}

}  // namespace
}  // namespace handoff::tables
