// main_cf_snapshot.h - the main.cf that master(8) goes on with while the one on disk is a mistake.
//
// After a reload that failed, the running system keeps the configuration it has, and so must the
// daemons that are started from then on. Master hands them the text that it accepted last, as a
// sealed file in memory; its descriptor lies above the listeners and is named in the environment
// (master_proto.h). Daemons that do not know of this read the file on disk, as they always do.
//
// Only daemons ask for it. Commands, set-gid ones among them, do not: their environment is their
// caller's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::global {

util::Result<util::UniqueFd> make_main_cf_snapshot(std::string_view config_directory,
                                                   std::string_view text);

// What master hands to this process, if it does, and for this directory only. Descriptor and
// variable are gone afterwards. Whatever is not a snapshot is ignored, with a warning.
std::optional<std::string> take_main_cf_snapshot(std::string_view config_directory);

}  // namespace handoff::global
