#include "postconf/edited_file.h"

#include <unistd.h>

#include <cstdlib>

#include "global/config.h"
#include "util/file_replacement.h"
#include "util/msg.h"
#include "util/or_die.h"

namespace handoff::postconf {

void require_operands(const Options& options) {
  if (!options.operands.empty()) return;
  if (options.action == Action::Edit) msg::fatal("-e requires name=value argument");
  msg::fatal("missing service argument");
}

void edit_file(const std::string& name, const Change& change) {
  const std::string path = global::Config::directory_for({}) + '/' + name;
  util::FileReplacement replacement = util::or_die(util::FileReplacement::begin(path));
  // A mistake in the file ends the program without unwinding.
  msg::set_fatal_hook([&replacement] {
    replacement.abandon();
    _exit(EXIT_FAILURE);
  });
  util::LineDocument document(replacement.old_text());
  change(path, document);
  util::or_die(replacement.commit(document.text()));
  msg::set_fatal_hook([] { _exit(EXIT_FAILURE); });
}

}  // namespace handoff::postconf
