#include "global/unsupported.h"

#include <string>

#include "util/msg.h"

namespace handoff::global {

void refuse_unsupported(const Config& config, std::span<const Unsupported> parameters,
                        std::string_view consequence) {
  for (const Unsupported& one : parameters) {
    if (!one.used) continue;
    const auto value = config.value(one.name);
    const std::string setting =
        std::string(one.name) + " = " + (value ? *value : std::string("(malformed)"));
    if (!one.dangerous) {
      msg::warn("{}: {} is not supported, and has no effect", config.place_of(one.name), setting);
      continue;
    }
    msg::warn("{}: {} is not supported; {}", config.place_of(one.name), setting, consequence);
    msg::fatal("unsupported parameter: {}", one.name);
  }
}

}  // namespace handoff::global
