// table.h - a look-up table, "type:name" in main.cf.
//
// The point of the interface: "certainly not there" and "nobody can tell" are different answers.
// Mail is deferred for the second, and only for the second.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"

namespace handoff::tables {

class Table {
 public:
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  virtual ~Table() = default;

  // Nothing: there is no such key. Error: the table cannot be asked.
  virtual util::Result<std::optional<std::string>> lookup(std::string_view key) = 0;
  // Keys are literal texts, so that it makes sense to ask for parts of an address.
  [[nodiscard]] virtual bool literal_keys() const { return true; }

  // "type:name".
  [[nodiscard]] const std::string& name() const { return name_; }

 protected:
  explicit Table(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
};

struct TableOptions {
  // Upper and lower case are the same, in what is asked and in what is stored.
  bool fold_keys = true;
  // What open_table() does when a table cannot be opened (daemon_table_open_error_is_fatal).
  bool must_open = false;
};

// The error is one line: "unsupported dictionary type: nosuch".
util::Result<std::unique_ptr<Table>> try_open_table(std::string_view type_and_name,
                                                    const TableOptions& options = {});

// Never null. A table that cannot be opened ends the program, or is logged as an error and
// replaced by one that answers with an error.
std::unique_ptr<Table> open_table(std::string_view type_and_name, const TableOptions& options = {});

}  // namespace handoff::tables
