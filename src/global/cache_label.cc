#include "global/cache_label.h"

#include "util/text.h"

namespace handoff::global {

std::string printable_label(std::string_view label) {
  if (label.ends_with('\n')) label.remove_suffix(1);
  std::string shown(label);
  for (char& c : shown) {
    if (c == '\n') c = '|';
  }
  return util::printable(shown);
}

}  // namespace handoff::global
