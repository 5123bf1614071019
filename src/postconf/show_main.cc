#include "postconf/layout.h"
#include "postconf/show.h"
#include "util/msg.h"

namespace handoff::postconf {
namespace {

std::string value_of(const Options& options, const Settings& settings, const std::string& name) {
  const std::string text = settings.raw(name).value_or("");
  if (!options.expand || options.names_only || is_raw(name)) return text;
  return settings.expand_or_die(text);
}

}  // namespace

void show_main(const Options& options, const Settings& settings, const Names& names) {
  const bool all = options.operands.empty();
  for (const std::string& name : all ? names.of(options.classes) : options.operands) {
    if (!names.contains(name)) {
      msg::warn("{}: unknown parameter", name);
    } else if (!options.explicit_only || settings.main().contains(name)) {
      print(format_setting(options, name, value_of(options, settings, name)));
    }
  }
}

}  // namespace handoff::postconf
