// params.h - main.cf parameters with their types: what programs read.
//
//   const Params params = load_params(config, "scache");
//   scheduler.after(params.connection_cache_ttl_limit, ...);
//
// A program stops at start when a parameter that it reads (see params.def) has a bad value; the
// message is the one that administrators know, and the warning before it names file and line and
// what is allowed. Parameters of other programs have their default when their value is bad,
// and nothing where the default would have to be computed.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "global/config.h"
#include "util/result.h"

namespace handoff::global {

inline constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::min();
inline constexpr const char* kComputed = nullptr;

// Inclusive; kAny is "not checked".
struct Bounds {
  std::int64_t min = kAny;
  std::int64_t max = kAny;
};

struct ParamSpec {
  enum class Kind { Str, Raw, Int, Long, Bool, Time };

  std::string_view name;
  Kind kind;
  const char* default_text;  // or kComputed
  std::int64_t min;
  std::int64_t max;
  std::string_view since;
  std::string_view readers;

  [[nodiscard]] bool read_by(std::string_view program) const;
};

struct FormerName {
  std::string_view former;
  std::string_view name;
};

// All rows of params.def, by name.
std::span<const ParamSpec> all_params();
std::span<const FormerName> all_former_names();
const ParamSpec* find_param(std::string_view name);

struct Params {
  using Str = std::string;
  using Raw = std::string;
  using Int = int;
  using Long = std::int64_t;
  using Bool = bool;
  using Time = std::chrono::seconds;
#define PARAM(type, name, ...) type name{};
#include "global/params.def"
};

// `program` is the name of its manual page: "smtp", "qmgr".
Params load_params(const Config& config, std::string_view program);
util::Result<Params> try_load_params(const Config& config, std::string_view program);

// Values under names made at run time, "relay_destination_concurrency_limit". The fallback is the
// value of the parameter that applies to all services. A name in the table has its own default and
// bounds and needs no fallback.
// try_check_like() only checks, by the rules of another parameter; what is not set is good.
int read_int(const Config& config, std::string_view name, int fallback, Bounds bounds = {});
std::chrono::seconds read_time(const Config& config, std::string_view name,
                               std::chrono::seconds fallback, Bounds bounds = {});
std::string read_str(const Config& config, std::string_view name, const std::string& fallback,
                     Bounds bounds = {});
bool read_bool(const Config& config, std::string_view name, bool fallback);

util::Result<int> try_read_int(const Config& config, std::string_view name, int fallback,
                               Bounds bounds = {});
util::Result<std::chrono::seconds> try_read_time(const Config& config, std::string_view name,
                                                 std::chrono::seconds fallback, Bounds bounds = {});
util::Result<std::string> try_read_str(const Config& config, std::string_view name,
                                       const std::string& fallback, Bounds bounds = {});
util::Result<bool> try_read_bool(const Config& config, std::string_view name, bool fallback);
util::Status try_check_like(const Config& config, std::string_view name, const ParamSpec& like);

}  // namespace handoff::global
