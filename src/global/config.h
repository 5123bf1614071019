// config.h - main.cf as loaded: what the operator wrote, and where.
//
// Values are kept as written and expanded when they are read, against the complete table of
// parameters (params.def), so that "$name" means the same to every program. Typed values come
// from params.h.
//
// Functions that begin with try_ return errors; their counterparts are for programs that cannot
// live without, and end in msg::fatal. Both log a warning with file and line first.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace handoff::global {

inline constexpr const char* kDefaultConfigDirectory = "/etc/postfix";

struct ConfigOptions {
  std::string directory;               // empty: MAIL_CONFIG, else kDefaultConfigDirectory
  std::string process_name;            // $process_name: the base name of argv[0]
  std::string service_name;            // $service_name; empty: process_name
  std::vector<std::string> overrides;  // "name=value" (-o), the last one wins
  bool started_by_master = false;      // its main.cf takes the place of the file's, if it hands one
};

class Config {
 public:
  struct Setting {
    std::string value;  // not expanded
    std::string file;   // empty: from the command line, or set by the program
    int line = 0;
  };
  using Settings = std::map<std::string, Setting, std::less<>>;

  static Config load(const ConfigOptions& options = {});
  static util::Result<Config> try_load(const ConfigOptions& options = {});
  // The text of main.cf, however it came here; messages name the file.
  static util::Result<Config> from_text(std::string_view text, const ConfigOptions& options = {});

  static std::string directory_for(const ConfigOptions& options);
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] std::string main_cf() const { return directory_ + "/main.cf"; }

  // What is set explicitly.
  [[nodiscard]] const Setting* find(std::string_view name) const;
  [[nodiscard]] const Settings& settings() const { return settings_; }
  // Explicit or default value, not expanded; nothing for a name that nobody knows.
  [[nodiscard]] std::optional<std::string> raw(std::string_view name) const;

  // Explicit or default value, expanded; empty for a name that nobody knows.
  [[nodiscard]] util::Result<std::string> value(std::string_view name) const;
  [[nodiscard]] util::Result<std::string> expand(std::string_view text) const;

  // For messages: "/etc/postfix/main.cf, line 12".
  [[nodiscard]] std::string place_of(std::string_view name) const;
  // The warning before a fatal error: "PLACE: max_idle = 5x: must be a number and ...".
  void explain(std::string_view name, std::string_view value, std::string_view rule) const;

  // Overrides whatever is set; the name is not checked.
  void set(std::string_view name, std::string value);
  void set(std::string_view name, Setting setting);
  // "name=value" as given with -o.
  util::Status override_with(std::string_view assignment);

 private:
  util::Status read(std::string_view text);
  util::Status apply(const ConfigOptions& options);
  void enter(const std::string& name, std::string value, int line);

  std::string directory_;
  Settings settings_;
};

}  // namespace handoff::global
