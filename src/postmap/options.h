// options.h - postmap(1)'s command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tables/table_options.h"

namespace handoff::postmap {

struct Options {
  enum class Action { Make, Update, Query, Delete, List };

  static Options parse(int argc, char** argv);

  // What keys are when they are read from standard input ("-").
  [[nodiscard]] bool reads_message() const { return headers || body; }
  [[nodiscard]] tables::TableOptions table_options() const;

  std::string config_directory;  // empty: not given
  Action action = Action::Make;
  std::string key;  // Query and Delete; "-": from standard input
  bool headers = false;
  bool body = false;
  bool mime = false;
  bool fold = true;
  bool as_source_owner = true;
  bool source_permissions = true;
  bool values_are_files = false;
  bool utf8 = true;
  bool force_utf8 = false;
  tables::Duplicates duplicates = tables::Duplicates::Warn;
  tables::TrailingNul trailing_nul = tables::TrailingNul::Unknown;
  std::vector<std::string> names;
};

}  // namespace handoff::postmap
