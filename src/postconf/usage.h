// usage.h - which parameters that users made are used anywhere, and which are only mentioned.
//
// A user makes a parameter by giving it a value in main.cf or, for one entry, in master.cf. It is
// used when another value mentions it, when it is a restriction class, or when a table's client
// reads it (table_references.h). Everything else is probably a typing error.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "postconf/names.h"
#include "postconf/settings.h"
#include "postconf/table_references.h"

namespace handoff::postconf {

class UsageCheck {
 public:
  // Both must outlive the check.
  UsageCheck(const Settings& settings, Names& names) : settings_(settings), names_(names) {}

  // In this order. They warn of names that nothing gives a value, and of values that do not count;
  // they end the program when a value cannot be expanded. The second one adds to the names what
  // main.cf sets and something uses.
  void look_at_master();
  void look_at_main();

  // In the order of the alphabet.
  void warn_of_unused_in_clients() const;
  void warn_of_unused_in_master() const;
  void warn_of_unused_in_main() const;

 private:
  using Set = std::set<std::string, std::less<>>;
  struct Scope {
    const MasterEntry* entry;  // null: main.cf
    std::string file;
    const Values& values;
  };

  void look_at(const Scope& scope);
  void look_at_classes(const Scope& scope);
  void look_at_tables(const Scope& scope, std::string_view text);
  void look_at_mentions(const Scope& scope, std::string_view text);
  void look_into_client_file(const TableReference& table);

  // False when nobody has made it.
  bool use(const Scope& scope, std::string_view name);
  void mention(const Scope& scope, std::string_view name);
  [[nodiscard]] bool unused(std::string_view name, const Set* used) const;

  const Settings& settings_;
  Names& names_;
  Set used_in_main_;
  Set mentioned_in_main_;                            // counts for all entries
  std::map<std::string, Set, std::less<>> used_in_;  // by MasterEntry::key()
  std::set<std::string> client_files_;
  std::set<std::string> warned_of_;               // MasterEntry::key()
  std::multiset<std::string> unused_in_clients_;  // lines for the log
};

}  // namespace handoff::postconf
