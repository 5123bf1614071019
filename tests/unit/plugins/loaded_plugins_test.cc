// Plug-ins that need no file and no server of their own, through the same door as programs use
// them; and which plug-ins these tests are about.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "support/files.h"
#include "support/log.h"
#include "tables/plugins.h"
#include "tables/settings.h"
#include "tables/table.h"
#include "tables/table_type.h"

namespace handoff::tables {
namespace {

namespace fs = std::filesystem;
using test::LogCapture;

constexpr const char* kTypes[] = {"btree", "cdb", "hash", "ldap", "lmdb", "pcre"};

class LoadedPlugins : public testing::Test {
 protected:
  LoadedPlugins() {
    directory_.write("dynamicmaps.cf", "lmdb x.so f\ncdb x.so f\npcre x.so f\nldap x.so f\n");
    Settings settings;
    settings.find_plugin = plugin_finder({directory_.path(), "/nonexistent"});
    settings.parameter = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = main_cf_.find(std::string(name));
      if (found == main_cf_.end()) return std::nullopt;
      return found->second;
    };
    configure(std::move(settings));
  }
  ~LoadedPlugins() override { configure({}); }

  static std::string find(Table& table, std::string_view key) {
    const Answer answer = table.lookup(key);
    if (!answer) return "error: " + answer.error().what;
    return *answer ? **answer : "(none)";
  }

  static std::string find(const std::string& name, std::string_view key) {
    const auto table = try_open_table(name);
    return table ? find(**table, key) : "cannot be opened: " + table.error().what;
  }

  std::map<std::string, std::string> main_cf_;
  test::TemporaryDirectory directory_;
};

std::set<std::string> mapped_plugins() {
  std::set<std::string> paths;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.ends_with(".so") && line.find("/handoff/") != std::string::npos)
      paths.insert(line.substr(line.find('/')));
  return paths;
}

// So with a sanitizer they have it, too.
TEST_F(LoadedPlugins, AreThoseOfTheSameBuild) {
  const fs::path build = fs::read_symlink("/proc/self/exe").parent_path().parent_path();
  std::set<std::string> expected;
  for (const std::string type : kTypes) {
    ASSERT_TRUE(find_type(type)) << type;
    expected.insert(build / "lib/handoff" / (type + ".so"));
  }
  EXPECT_EQ(mapped_plugins(), expected);
}

TEST_F(LoadedPlugins, PcreFindsGroups) {
  const std::string table = "pcre:{{/^(?<n>a+)(b)?(.)$/ $3-${1}$(2)$$}, {!/\\d/ no digit}}";
  EXPECT_EQ(find(table, "AAbc"), "c-AAb$");
  EXPECT_EQ(find(table, "ac"), "c-a$");
  EXPECT_EQ(find(table, "xyz"), "no digit");
  EXPECT_EQ(find(table, "x1"), "(none)");
}

TEST_F(LoadedPlugins, PcreLeavesOutExpressionsThatAreNone) {
  LogCapture::expect("line 1: error in regex at offset");
  const std::string table = "pcre:{{/a[/ one}, {/a/ two}}";
  EXPECT_EQ(find(table, "a"), "two");
}

TEST_F(LoadedPlugins, PcreGivesUpOnKeysThatAreTooHard) {
  LogCapture::expect("line 1: match limit exceeded");
  const std::string answer = find("pcre:{{/^(a+)+$/ m}}", std::string(40, 'a') + 'b');
  EXPECT_TRUE(answer.starts_with("error: ")) << answer;
}

TEST_F(LoadedPlugins, PcreTakesBytesThatAreNoText) {
  EXPECT_EQ(find("pcre:{{/^.{3}$/ three}}", "\xff\xfe\x80"), "three");
}

TEST_F(LoadedPlugins, LdapChecksItsParameters) {
  main_cf_ = {{"people_bind", "maybe"}};
  EXPECT_EQ(find("ldap:people", "a"),
            "cannot be opened: people: unsupported parameter value: bind = maybe");
  main_cf_ = {{"people_timeout", "soon"}};
  EXPECT_EQ(find("ldap:people", "a"),
            "cannot be opened: bad numerical configuration: people_timeout = soon");
}

TEST_F(LoadedPlugins, LdapAsksNoServerForWhatCannotBeThere) {
  main_cf_ = {{"people_server_host", "ldap://127.0.0.1:1"},
              {"people_query_filter", "(mail=%u@%d)"},
              {"people_domain", "example.com"}};
  EXPECT_EQ(find("ldap:people", "user"), "(none)");
  EXPECT_EQ(find("ldap:people", "user@example.org"), "(none)");
  EXPECT_EQ(find("ldap:people", "\xff@example.com"), "(none)");
}

TEST_F(LoadedPlugins, LdapWithoutAServerIsAnError) {
  LogCapture::expect("Unable to bind to server ldapi://%2Fnonexistent%2Fldapi");
  main_cf_ = {{"people_server_host", "ldapi://%2Fnonexistent%2Fldapi"}};
  EXPECT_TRUE(find("ldap:people", "user@example.com").starts_with("error: "));
}

}  // namespace
}  // namespace handoff::tables
