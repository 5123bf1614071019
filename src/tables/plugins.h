// plugins.h - the types of tables that are plug-ins: which there are, and where they lie.
//
// hash and btree are always enabled, other types where the administrator has done that in
// dynamicmaps.cf, as for stock (whose own plug-ins are of no use to us; of its lines only the type
// counts). TYPE.so is looked for beside the program that runs, as it has been built or installed
// (../lib/handoff, ../handoff, ../lib/postfix/handoff), then in handoff/ below shlib_directory. It
// is loaded when the first table of its type is opened, and stays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tables/settings.h"
#include "util/result.h"

namespace handoff::tables {

struct PluginPlaces {
  std::string meta_directory;   // with dynamicmaps.cf and dynamicmaps.cf.d
  std::string shlib_directory;  // with handoff/TYPE.so
};

// For Settings.
Settings::FindPlugin plugin_finder(PluginPlaces places);

// Sorted. Error: a line of dynamicmaps.cf that cannot be understood.
util::Result<std::vector<std::string>> enabled_plugins(const std::string& meta_directory);

}  // namespace handoff::tables
