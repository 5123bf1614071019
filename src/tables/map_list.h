// map_list.h - parameters that are lists of tables, "*_maps": the first table that knows the key
// answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tables/table.h"

namespace handoff::tables {

class MapList {
 public:
  enum class Key {
    Whole,
    Part,  // a domain without its user, for example: tables of patterns are not asked
  };

  // No tables.
  MapList() = default;
  // `title` is the parameter's name, for messages.
  MapList(std::string title, std::string_view names, const TableOptions& options);

  // Error: a table cannot tell; it is logged, and the ones behind it are not asked. So it is for an
  // empty value, which nobody can mean.
  [[nodiscard]] Answer find(std::string_view key, Key kind = Key::Whole) const;
  [[nodiscard]] bool empty() const { return tables_.empty(); }

 private:
  std::string title_;
  std::vector<SharedTable> tables_;
};

}  // namespace handoff::tables
