#include "global/unsupported.h"

#include <string>

#include "global/params.h"
#include "util/msg.h"

namespace handoff::global {
namespace {

// The one that somebody has set: the default of `name` may be "$other".
std::string_view where_it_was_set(const Config& config, std::string_view name) {
  if (config.find(name) != nullptr) return name;
  const ParamSpec* spec = find_param(name);
  const std::string_view text =
      spec == nullptr || spec->default_text == kComputed ? "" : spec->default_text;
  if (!text.starts_with('$') || find_param(text.substr(1)) == nullptr) return name;
  return where_it_was_set(config, text.substr(1));
}

}  // namespace

void refuse_unsupported(const Config& config, std::span<const Unsupported> parameters,
                        std::string_view consequence) {
  for (const Unsupported& one : parameters) {
    if (!one.used) continue;
    const std::string_view name = where_it_was_set(config, one.name);
    const auto value = config.value(name);
    const std::string setting =
        std::string(name) + " = " + (value ? *value : std::string("(malformed)"));
    if (!one.dangerous) {
      msg::warn("{}: {} is not supported, and has no effect", config.place_of(name), setting);
      continue;
    }
    msg::warn("{}: {} is not supported; {}", config.place_of(name), setting, consequence);
    msg::fatal("unsupported parameter: {}", name);
  }
}

}  // namespace handoff::global
