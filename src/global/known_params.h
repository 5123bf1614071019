// known_params.h - every parameter that main.cf may set: those that programs of ours read
// (params.def), and those that only programs of Postfix read (known_params.def).
//
// Values have types only where they are read (params.h); their defaults in the light of a main.cf
// come from config_defaults.h.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "global/params.h"

namespace handoff::global {

struct KnownParam {
  std::string_view name;
  ParamSpec::Kind kind;
  const char* default_text;  // not expanded; or kComputed
  bool read;                 // by a program of ours
};

// In byte order of their names.
std::vector<KnownParam> known_params();
std::optional<KnownParam> find_known_param(std::string_view name);

}  // namespace handoff::global
