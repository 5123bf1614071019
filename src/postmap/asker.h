// asker.h - what postmap(1) does with a table that exists: ask it, list it, take keys out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postmap/options.h"
#include "tables/table.h"

namespace handoff::postmap {

// The tables on the command line, each opened when it is first asked.
class Asker {
 public:
  Asker(const Options& options, tables::Access access);

  // The status to exit with: 0 when something was found, or deleted.
  int query();
  int remove();
  int list();

 private:
  tables::Table& table(std::size_t index);
  std::optional<std::string> find(const std::string& key);
  bool query_one(const std::string& key, bool show_key);
  bool query_input();
  bool remove_one(const std::string& key);
  // Nothing, with a warning, for what cannot be decoded; warnings also for what is empty.
  std::optional<std::string> found_value(const tables::Table& table, std::string_view key,
                                         std::string value);
  std::optional<std::string> listed_value(const tables::Table& table, std::string_view key,
                                          std::string value);
  std::optional<std::string> shown_value(const tables::Table& table, std::string_view key,
                                         std::string value);

  const Options& options_;
  tables::TableOptions table_options_;
  std::vector<tables::SharedTable> tables_;
};

}  // namespace handoff::postmap
