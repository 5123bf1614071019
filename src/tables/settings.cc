#include "tables/settings.h"

#include <utility>

namespace handoff::tables {
namespace {

Settings& stored() {
  static Settings settings;
  return settings;
}

}  // namespace

void configure(Settings settings) {
  stored() = std::move(settings);
}

const Settings& settings() {
  return stored();
}

}  // namespace handoff::tables
