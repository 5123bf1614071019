#include <gtest/gtest.h>

#include "support/files.h"
#include "support/log.h"
#include "tables/settings.h"
#include "tables/table.h"
#include "tables/table_builder.h"
#include "tables/table_type.h"

namespace handoff::tables {
namespace {

using test::LogCapture;

// Answers with the key that it is asked; has changed when its name says so.
class Echo final : public Table {
 public:
  explicit Echo(std::string_view name) : Table("echo:" + std::string(name)) {}
  Answer lookup(std::string_view key) override { return std::optional<std::string>(key); }
  [[nodiscard]] bool changed() const override { return name() == "echo:changed"; }
};

class PluginTypes : public testing::Test {
 protected:
  PluginTypes() {
    Settings settings;
    settings.find_plugin = [this](std::string_view type) -> util::Result<const TableType*> {
      if (type == "broken") return util::Error::not_found(" (/x.so: No such file or directory)");
      return type == "echo" ? &echo_ : nullptr;
    };
    configure(settings);
  }
  ~PluginTypes() override { configure({}); }

  TableType echo_{"echo",
                  [](std::string_view name, const TableOptions&) -> OpenedTable {
                    return std::unique_ptr<Table>(std::make_unique<Echo>(name));
                  },
                  {}};
};

TEST_F(PluginTypes, AreAskedForWhatIsNotBuiltIn) {
  const auto table = try_open_table("echo:x");
  ASSERT_TRUE(table);
  EXPECT_EQ(*(*table)->lookup("Key"), "key");
  EXPECT_EQ(try_open_table("broken:x").error().what,
            "unsupported dictionary type: broken (/x.so: No such file or directory)");
  EXPECT_EQ(try_open_table("nosuch:x").error().what, "unsupported dictionary type: nosuch");
}

TEST_F(PluginTypes, MayHaveNoWayToMakeTables) {
  EXPECT_EQ(create_table("echo:x", {}).error().what,
            "unsupported dictionary type: echo does not support bulk-mode creation.");
}

TEST_F(PluginTypes, ATableThatChangedIsFoundWhileItIsOpen) {
  EXPECT_EQ(changed_table(), "");
  {
    const auto table = try_open_table("echo:changed");
    EXPECT_EQ(changed_table(), "table echo:changed(0,fold_fix) has changed");
  }
  EXPECT_EQ(changed_table(), "");
}

TEST(OpenTable, OpensTheSameTableOnce) {
  const SharedTable table = open_table("inline:{a=1}");
  EXPECT_EQ(table, open_table("inline:{a=1}"));
  TableOptions other;
  other.lock = true;
  EXPECT_NE(table, open_table("inline:{a=1}", other));
}

TEST(OpenTable, OneThatCannotBeOpenedIsToldOnce) {
  LogCapture::expect("unsupported dictionary type: nosuch");
  const SharedTable table = open_table("nosuch:x");
  EXPECT_EQ(table, open_table("nosuch:x"));
  EXPECT_EQ(LogCapture::lines().size(), 1U);
  EXPECT_FALSE(table->lookup("a"));
}

TEST(OpenTable, WithoutAProxyItIsTheTableItself) {
  TableOptions options;
  options.no_proxy = true;
  const SharedTable table = open_table("proxy:proxy:inline:{a=1}", options);
  EXPECT_EQ(table->name(), "inline:{a=1}");
  EXPECT_EQ(*table->lookup("A"), "1");
}

TEST(OpenTable, WhatATypeCannotDoIsAnError) {
  const SharedTable table = open_table("static:x");
  EXPECT_EQ(table->update("a", "b").error().what,
            "table static:x: update operation is not supported");
  EXPECT_EQ(table->remove("a").error().what, "table static:x: delete operation is not supported");
  const auto entry = table->sequence(Table::Step::First);
  EXPECT_EQ(entry.error().what, "table static:x: sequence operation is not supported");
  EXPECT_TRUE(is_misconfigured(entry.error()));
}

TEST(OpenTable, ChecksUtf8WhereItIsWanted) {
  TableOptions options;
  options.utf8 = true;
  LogCapture::expect("warning: static:x: non-UTF-8 key");
  EXPECT_EQ(open_table("static:x", options)->lookup("\xff")->has_value(), false);
  EXPECT_EQ(open_table("static:x")->lookup("\xff")->has_value(), true);
}

}  // namespace
}  // namespace handoff::tables
