// settings.h - what main.cf, master.cf and the command line say, as far as postconf(1) looks.
//
// A name can have a value in main.cf and in each entry of master.cf (-o name=value); an entry's own
// counts before main.cf's, and that before the default. Entries with the same service and type
// share their values.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "global/config.h"
#include "postconf/master_entry.h"
#include "postconf/options.h"
#include "util/result.h"

namespace handoff::postconf {

using Values = std::map<std::string, std::string, std::less<>>;

// What programs know of themselves, and no file can say.
bool is_read_only(std::string_view name);

class Settings {
 public:
  // Ends the program at a mistake in a file. Without master.cf there is a warning, or the end when
  // the options ask for it.
  static Settings load(const Options& options);

  // Of settings of the entry, or in main.cf, that do not count.
  void warn_of_read_only(const MasterEntry* entry) const;
  // Ends the program when a default that is made from other values cannot be made.
  void check_computed_defaults() const;

  [[nodiscard]] std::string main_cf() const { return config_.main_cf(); }
  [[nodiscard]] std::string master_cf() const { return config_.directory() + "/master.cf"; }

  [[nodiscard]] const Values& main() const { return main_; }
  [[nodiscard]] const std::vector<MasterEntry>& entries() const { return entries_; }
  // What the entry says with -o.
  [[nodiscard]] const Values& of(const MasterEntry& entry) const;
  // Names that exist because of an entry, "relay_destination_concurrency_limit", and their
  // defaults.
  [[nodiscard]] const Values& service_names() const { return service_names_; }

  // Nothing: no such name. What is asked in the name of no entry is asked for main.cf.
  [[nodiscard]] std::optional<std::string> default_of(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> raw(std::string_view name,
                                               const MasterEntry* entry = nullptr) const;
  [[nodiscard]] std::string expand_or_die(
      std::string_view text, const MasterEntry* entry = nullptr,
      std::string_view last_words = "macro processing error") const;

 private:
  explicit Settings(global::Config config) : config_(std::move(config)) {}
  void read_main();
  void set_main(std::string_view name, global::Config::Setting setting);
  void override_with(const std::vector<std::string>& assignments);
  void drop_read_only();
  void read_master(const Options& options);
  void take_over(const MasterEntry& entry);

  global::Config config_;  // the same as main_, for defaults
  Values main_;
  std::vector<MasterEntry> entries_;
  std::map<std::string, Values, std::less<>> local_;  // by MasterEntry::key()
  Values service_names_;
  std::map<std::string, Values> read_only_;  // by MasterEntry::key(), empty for main.cf
};

}  // namespace handoff::postconf
