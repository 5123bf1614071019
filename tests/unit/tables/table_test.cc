#include "tables/table.h"

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/log.h"

namespace handoff::tables {
namespace {

using test::LogCapture;

// "-" is not found, "!" cannot tell.
std::string ask(std::string_view table_name, std::string_view key) {
  auto table = try_open_table(table_name);
  EXPECT_TRUE(table) << table.error().what;
  if (!table) return "?";
  const auto value = (*table)->lookup(key);
  if (!value) return "!";
  return value->value_or("-");
}

std::string mistake(std::string_view table_name) {
  const auto table = try_open_table(table_name);
  return table ? "" : table.error().what;
}

TEST(Table, NamesHaveATypeAndAName) {
  for (const char* name : {"static", "static:", ":x", "", ":"})
    EXPECT_EQ(mistake(name), "open dictionary: expecting \"type:name\" form instead of \"" +
                                 std::string(name) + "\"");
  EXPECT_EQ(mistake("nosuch:x"), "unsupported dictionary type: nosuch");
}

TEST(Table, StaticAnswersAlways) {
  EXPECT_EQ(ask("static:a:b c", "k"), "a:b c");
  EXPECT_EQ(ask("static:{ x y }", "k"), "x y");
  EXPECT_EQ(mistake("static:{a"), "bad static:name syntax: missing '}' in \"{a\"");
  EXPECT_EQ(mistake("static:{a}b"), "bad static:name syntax: syntax error after '}' in \"{a}b\"");
}

TEST(Table, FailNeverDoes) {
  EXPECT_EQ(ask("fail:x", "k"), "!");
}

TEST(Table, InlineHoldsItsPairs) {
  EXPECT_EQ(ask("inline:{a=1,b=2}", "B"), "2");
  EXPECT_EQ(ask("inline:{a=1 a=2}", "a"), "2");
  EXPECT_EQ(ask("inline:{A=b=c}", "a"), "b=c");
  EXPECT_EQ(ask("inline:{ {a = 1 2 }, b=3}", "a"), "1 2");
  EXPECT_EQ(ask("inline:{ { \"a b\" = 3 } }", "\"a b\""), "3");
  EXPECT_EQ(ask("inline:{a=1}", "c"), "-");
}

TEST(Table, InlineSaysWhatItNeeds) {
  for (const auto& [name, problem] : std::initializer_list<std::pair<std::string, std::string>>{
           {"inline:{}", "bad syntax"},
           {"inline:x", "bad syntax"},
           {"inline:{a=1", "bad syntax"},
           {"inline:{a=1}x", "bad syntax"},
           {"inline:{ }", "empty table"},
           {"inline:{x}", "missing '=' after attribute name"},
           {"inline:{a = 1}", "missing '=' after attribute name"},
           {"inline:{ {a b = 3} }", "missing '=' after attribute name"},
           {"inline:{ {a=1 }x }", "syntax error after '}' in \"{a=1 }x\""}})
    EXPECT_EQ(mistake(name), problem + ": \"" + name + "\"; need \"inline:{name=value...}\"");
}

TEST(Table, TexthashReadsPostmapSources) {
  LogCapture::expect(", line 4: expected format: key whitespace value -- ignoring this line");
  LogCapture::expect(", line 6: unbalanced '\"' in '\"f 6' -- ignoring this line");
  LogCapture::expect(", line 7: record is in \"key: value\" format; is this an alias file?");
  const test::TemporaryDirectory directory;
  directory.write("map", "a 1\nB  2 x  \n# c\nc\n\"d e\" 5\n\"f 6\ng: 7\n h 8\n");
  const std::string name = "texthash:" + directory.path("map");
  EXPECT_EQ(ask(name, "a"), "1");
  EXPECT_EQ(ask(name, "b"), "2 x");
  EXPECT_EQ(ask(name, "c"), "-");
  EXPECT_EQ(ask(name, "\"d e\""), "5");
  EXPECT_EQ(ask(name, "g:"), "7 h 8");
}

TEST(Table, TexthashRefusesAKeyThatStandsThereTwice) {
  const test::TemporaryDirectory directory;
  directory.write("map", "a 1\n\nA 2\n");
  EXPECT_EQ(mistake("texthash:" + directory.path("map")),
            directory.path("map") + ", line 3: duplicate entry: \"A\"");
}

TEST(Table, TexthashNamesTheFileThatIsMissing) {
  EXPECT_EQ(mistake("texthash:/nonexistent/x"),
            "open database /nonexistent/x: No such file or directory");
}

TEST(Table, CaseMayMatter) {
  TableOptions options;
  options.fold_literals = false;
  auto table = try_open_table("inline:{A=1}", options);
  EXPECT_FALSE((*table)->lookup("a")->has_value());
  EXPECT_EQ(*(*table)->lookup("A"), "1");
}

TEST(Table, ThatCannotBeOpenedIsReplacedByOneThatSaysSo) {
  LogCapture::expect("error: unsupported dictionary type: nosuch");
  LogCapture::expect("warning: nosuch:x is unavailable. unsupported dictionary type: nosuch");
  const auto table = open_table("nosuch:x");
  EXPECT_EQ(table->name(), "nosuch:x");
  EXPECT_FALSE(table->lookup("a"));
}

}  // namespace
}  // namespace handoff::tables
