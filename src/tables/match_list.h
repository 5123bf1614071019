// match_list.h - the lists of names in main.cf: "example.com, !/etc/postfix/not, texthash:/file".
//
// The first item that matches decides: "!" before it means no. Items are texts, files with more
// items, and tables, of which only the keys count. Upper and lower case are the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tables/address_pattern.h"
#include "tables/table.h"
#include "util/result.h"

namespace handoff::tables {

struct MatchOptions {
  enum class Kind {
    String,   // items are equal to the name
    Domain,   // ".example.com" also matches the names below it
    Address,  // items are addresses and networks, "192.0.2.0/24", "[2001:db8::]/32"
    Host,     // a host's name and its address: whatever Domain or Address matches
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

  // Error: a table that stands before the first item that matches cannot tell, or such an item is
  // malformed; it is logged.
  [[nodiscard]] util::Result<bool> match(std::string_view name) const;
  // Kind::Host: either of the two may decide, item by item.
  [[nodiscard]] util::Result<bool> match(std::string_view name, std::string_view address) const;
  [[nodiscard]] bool empty() const { return items_.empty(); }

 private:
  struct Network {
    util::Result<AddressPattern> pattern;  // an item that is none fails when it is asked
  };
  struct Item {
    bool match = true;  // false: after "!"
    std::string text;   // folded; empty for a table
    SharedTable table;
    std::optional<Network> network = std::nullopt;
  };
  struct Subject {
    std::string name;  // folded
    std::string address;
  };

  util::Status add_items(std::string_view text, bool match, int depth);
  util::Status add_item(std::string_view item, bool match, int depth);
  util::Status add_file(const std::string& path, bool match, int depth);
  [[nodiscard]] TableOptions table_options() const;  // names are folded here
  [[nodiscard]] bool holds_addresses() const;
  [[nodiscard]] util::Result<bool> match(const Subject& subject) const;
  [[nodiscard]] util::Result<bool> matches(const Item& item, const Subject& subject) const;
  [[nodiscard]] util::Result<bool> matches_name(const Item& item, const std::string& name) const;
  [[nodiscard]] util::Result<bool> matches_address(const Item& item,
                                                   const std::string& address) const;
  [[nodiscard]] util::Result<bool> ask(Table& table, std::string_view key) const;
  [[nodiscard]] bool matches_text(const std::string& text, const std::string& name) const;
  [[nodiscard]] util::Result<bool> matches_table(Table& table, const std::string& name) const;

  MatchOptions options_;
  std::vector<Item> items_;
};

}  // namespace handoff::tables
