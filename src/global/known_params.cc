#include "global/known_params.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace handoff::global {
namespace {

// Smaller than a ParamSpec: all daemons carry these rows, and hardly one ever looks at them.
struct Row {
  const char* name;
  const char* default_text;
  ParamSpec::Kind kind;
};

constexpr Row kRows[] = {
#define KNOWN(type, name, default_text) {#name, default_text, ParamSpec::Kind::type},
#include "global/known_params.def"
};

constexpr std::string_view name_of(const Row& row) {
  return row.name;
}

static_assert(std::ranges::is_sorted(kRows, std::less_equal<>(), name_of),
              "the rows of known_params.def are not in byte order, or one stands there twice");

KnownParam known(const Row& row) {
  return {row.name, row.kind, row.default_text, false};
}

KnownParam known(const ParamSpec& spec) {
  return {spec.name, spec.kind, spec.default_text, true};
}

}  // namespace

std::vector<KnownParam> known_params() {
  std::vector<KnownParam> result;
  result.reserve(all_params().size() + std::size(kRows));
  for (const ParamSpec& spec : all_params()) result.push_back(known(spec));
  for (const Row& row : kRows) result.push_back(known(row));
  std::ranges::sort(result, {}, &KnownParam::name);
  return result;
}

std::optional<KnownParam> find_known_param(std::string_view name) {
  if (const ParamSpec* spec = find_param(name)) return known(*spec);
  const auto* found = std::ranges::lower_bound(kRows, name, {}, name_of);
  if (found == std::end(kRows) || name_of(*found) != name) return std::nullopt;
  return known(*found);
}

}  // namespace handoff::global
