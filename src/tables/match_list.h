// match_list.h - the lists of names in main.cf: "example.com, !/etc/postfix/not, texthash:/file".
//
// The first item that matches decides: "!" before it means no. Items are texts, files with more
// items, and tables, of which only the keys count. Upper and lower case are the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tables/table.h"
#include "util/result.h"

namespace handoff::tables {

struct MatchOptions {
  enum class Kind {
    String,  // items are equal to the name
    Domain,  // ".example.com" also matches the names below it
  };

  std::string parameter;  // for messages
  Kind kind = Kind::String;
  // Domain: "example.com" matches the names below it, and ".example.com" nothing
  // (parent_domain_matches_subdomains).
  bool parent_matches = false;
  // Tables and files that cannot be read end the program, instead of failing at each look-up.
  bool must_open = false;
};

class MatchList {
 public:
  // Matches nothing.
  MatchList() = default;

  static util::Result<MatchList> parse(std::string_view text, MatchOptions options);

  // Error: a table that stands before the first item that matches cannot tell; it is logged.
  [[nodiscard]] util::Result<bool> match(std::string_view name) const;
  [[nodiscard]] bool empty() const { return items_.empty(); }

 private:
  struct Item {
    bool match = true;  // false: after "!"
    std::string text;   // in lower case; empty for a table
    SharedTable table;
  };

  util::Status add_items(std::string_view text, bool match, int depth);
  [[nodiscard]] TableOptions table_options() const;  // names are folded here
  util::Status add_file(const std::string& path, bool match, int depth);
  [[nodiscard]] util::Result<bool> matches(const Item& item, const std::string& name) const;
  [[nodiscard]] bool matches_text(const std::string& text, const std::string& name) const;
  [[nodiscard]] util::Result<bool> matches_table(Table& table, const std::string& name) const;

  MatchOptions options_;
  std::vector<Item> items_;
};

}  // namespace handoff::tables
