// environ: and unix:, windows on what the operating system knows.
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "tables/table_types.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::Status;

class EnvironmentTable final : public Table {
 public:
  explicit EnvironmentTable(std::string_view name) : Table("environ:" + std::string(name)) {}

  Answer lookup(std::string_view key) override {
    const char* value = std::getenv(std::string(key).c_str());
    return value == nullptr ? std::optional<std::string>() : std::optional<std::string>(value);
  }
  Result<bool> update(std::string_view key, std::string_view value) override {
    if (setenv(std::string(key).c_str(), std::string(value).c_str(), 1) != 0)
      return unavailable("setenv", errno);
    return true;
  }
};

// getpwnam_r() and its like: 0 or an errno, and an entry or none.
template <typename Account, typename Ask>
Answer ask_for_account(std::string_view key, Ask ask, std::string (*line)(const Account&)) {
  std::vector<char> buffer(1024);
  while (true) {
    Account account{};
    Account* found = nullptr;
    const int code = ask(std::string(key).c_str(), &account, buffer.data(), buffer.size(), &found);
    if (code == 0 && found == nullptr) return std::optional<std::string>();
    if (code == 0) return std::optional(line(account));
    if (code != ERANGE) return unavailable("account database", code);
    buffer.resize(buffer.size() * 2);
  }
}

std::string passwd_line(const passwd& account) {
  return std::string(account.pw_name) + ':' + account.pw_passwd + ':' +
         std::to_string(account.pw_uid) + ':' + std::to_string(account.pw_gid) + ':' +
         account.pw_gecos + ':' + account.pw_dir + ':' + account.pw_shell;
}

std::string group_line(const group& account) {
  std::string line = std::string(account.gr_name) + ':' + account.gr_passwd + ':' +
                     std::to_string(account.gr_gid) + ':';
  const char* separator = "";
  for (char** member = account.gr_mem; *member != nullptr; ++member) {
    line.append(separator).append(*member);
    separator = ",";
  }
  return line;
}

class PasswdTable final : public Table {
 public:
  PasswdTable() : Table("unix:passwd.byname") {}
  Answer lookup(std::string_view key) override {
    return ask_for_account<passwd>(key, getpwnam_r, passwd_line);
  }
};

class GroupTable final : public Table {
 public:
  GroupTable() : Table("unix:group.byname") {}
  Answer lookup(std::string_view key) override {
    return ask_for_account<group>(key, getgrnam_r, group_line);
  }
};

}  // namespace

OpenedTable open_environment_table(std::string_view name, const TableOptions&) {
  return std::unique_ptr<Table>(std::make_unique<EnvironmentTable>(name));
}

OpenedTable open_account_table(std::string_view name, const TableOptions& options) {
  if (Status allowed = require_read_only("unix", name, options); !allowed) return allowed.error();
  if (name == "passwd.byname") return std::unique_ptr<Table>(std::make_unique<PasswdTable>());
  if (name == "group.byname") return std::unique_ptr<Table>(std::make_unique<GroupTable>());
  return Error::syntax("unknown table: unix:" + std::string(name));
}

}  // namespace handoff::tables
