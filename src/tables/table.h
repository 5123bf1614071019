// table.h - a look-up table, "type:name" in main.cf.
//
// The point of the interface: "certainly not there" and "nobody can tell" are different answers.
// Mail is deferred for the second, and only for the second.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tables/table_options.h"
#include "util/result.h"

namespace handoff::tables {

// Nothing: there is no such key. Error: the table cannot tell; `code` is an errno, or 0.
using Answer = util::Result<std::optional<std::string>>;

// The two kinds of errors of a table: it may work later; somebody must repair the configuration.
util::Error unavailable(std::string what, int code = 0);
util::Error misconfigured(std::string what);
bool is_misconfigured(const util::Error& error);

struct Entry {
  std::string key;
  std::string value;

  friend bool operator==(const Entry&, const Entry&) = default;
};

class Table {
 public:
  enum class Keys {
    Literal,  // it makes sense to ask for parts of an address
    Pattern,  // only the whole key is asked
  };
  enum class Step { First, Next };

  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  virtual ~Table() = default;

  virtual Answer lookup(std::string_view key) = 0;
  [[nodiscard]] virtual Keys keys() const { return Keys::Literal; }

  // For types that can; the others answer with "table T:N: update operation is not supported".
  // False: the key was there already and stays (Duplicates::Ignore, or Warn after the warning).
  virtual util::Result<bool> update(std::string_view key, std::string_view value);
  // False: there was no such key.
  virtual util::Result<bool> remove(std::string_view key);
  // All entries, in the order of the table. Nothing: that was the last.
  virtual util::Result<std::optional<Entry>> sequence(Step step);

  // Somebody has replaced or changed the file since it was opened, and what is answered here is
  // old: the process makes room for a new one.
  [[nodiscard]] virtual bool changed() const { return false; }
  // Several processes may write to it at a time.
  [[nodiscard]] virtual bool many_writers() const { return false; }

  // "type:name".
  [[nodiscard]] const std::string& name() const { return name_; }

 protected:
  explicit Table(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
};

using SharedTable = std::shared_ptr<Table>;

// The same table with the same options is opened once, for as long as somebody holds it. The error
// is one line: "unsupported dictionary type: nosuch".
util::Result<SharedTable> try_open_table(std::string_view type_and_name,
                                         const TableOptions& options = {});

// Never null. A table that cannot be opened ends the program, or is logged as an error and
// replaced by one that says so at each look-up, and can tell nothing.
SharedTable open_table(std::string_view type_and_name, const TableOptions& options = {});

// Whether a table that is open has changed: "table hash:/etc/x(0,lock|fold_fix) has changed", as in
// stock's log, or nothing. For service::Application::stale().
std::string changed_table();

}  // namespace handoff::tables
