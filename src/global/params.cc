#include "global/params.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <variant>

#include "global/bad_values.h"
#include "global/config_defaults.h"
#include "global/config_expand.h"
#include "global/param_values.h"
#include "global/word_values.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/text.h"
#include "util/text_file.h"

namespace handoff::global {
namespace {

using util::Error;
using util::Result;
using util::Status;

constexpr ParamSpec kSpecs[] = {
#define PARAM(type, name, ...) {#name, ParamSpec::Kind::type, __VA_ARGS__},
#include "global/params.def"
};

static_assert(std::ranges::is_sorted(kSpecs, std::less_equal<>(), &ParamSpec::name),
              "the rows of params.def are not in byte order, or one stands there twice");

constexpr FormerName kFormerNames[] = {
#define FORMERLY(former, name) {#former, #name},
#include "global/params.def"
};

// The members of Params in the order of the rows.
using Member = std::variant<std::string Params::*, int Params::*, std::int64_t Params::*,
                            bool Params::*, std::chrono::seconds Params::*>;

constexpr Member kMembers[] = {
#define PARAM(type, name, ...) &Params::name,
#include "global/params.def"
};

constexpr bool defaults_to_another(const ParamSpec& spec) {
  if (spec.default_text == kComputed) return false;
  const std::string_view text = spec.default_text;
  return text.starts_with('$') && !text.starts_with("${");
}

// Of several mistakes the first in this order is reported, as by Postfix: what all programs read
// comes before what only some do, and one kind of value after the other. A parameter that has the
// value of another if it is not set comes after that: the mistake is where it was made.
constexpr std::size_t reading_rank(const ParamSpec& spec) {
  const std::size_t group = spec.readers == "all" ? 0 : 100;
  return (group + static_cast<std::size_t>(spec.kind)) * 2 + (defaults_to_another(spec) ? 1 : 0);
}

// Rows; those of one rank as they stand. Sorts plain numbers: compilers limit what is computed
// here.
constexpr auto kReadingOrder = [] {
  constexpr std::size_t kRows = std::size(kSpecs);
  std::array<std::size_t, kRows> order{};
  for (std::size_t row = 0; row < kRows; ++row)
    order[row] = reading_rank(kSpecs[row]) * kRows + row;
  std::ranges::sort(order);
  for (std::size_t& row : order) row %= kRows;
  return order;
}();

// One parameter and the text of its value.
struct Reading {
  std::string_view name;
  ParamSpec::Kind kind;
  Bounds bounds;
  char unit = 's';
};

Status convert(const Reading& reading, const std::string& text, std::string& value) {
  const bool raw = reading.kind == ParamSpec::Kind::Raw;
  Status checked = raw ? check_raw(reading.name, text, reading.bounds)
                       : check_str(reading.name, text, reading.bounds);
  if (checked) value = text;
  return checked;
}

template <typename T>
Status store(Result<T> parsed, T& value) {
  if (!parsed) return parsed.error();
  value = *parsed;
  return {};
}
Status convert(const Reading& reading, const std::string& text, int& value) {
  return store(parse_int(reading.name, text, reading.bounds), value);
}
Status convert(const Reading& reading, const std::string& text, std::int64_t& value) {
  return store(parse_long(reading.name, text, reading.bounds), value);
}
Status convert(const Reading& reading, const std::string& text, bool& value) {
  return store(parse_bool(reading.name, text), value);
}
Status convert(const Reading& reading, const std::string& text, std::chrono::seconds& value) {
  return store(parse_time(reading.name, text, reading.unit, reading.bounds), value);
}

// Without a word in the log: nothing that matters here can be wrong with it.
std::optional<std::string> expand_quietly(const Config& config, const std::string& text) {
  Result<std::string> value =
      expand_macros(text, [&](std::string_view name) { return config.raw(name); });
  if (!value) return std::nullopt;
  return *std::move(value);
}

char unit_of(const Config& config, const ParamSpec& spec) {
  if (spec.kind != ParamSpec::Kind::Time) return 's';
  const std::string text = expand_quietly(config, spec.default_text).value_or("");
  const auto letter =
      std::ranges::find_if(text, [](char c) { return util::is_alnum(c) && !util::is_digit(c); });
  return letter == text.end() ? 's' : *letter;
}

Reading reading_of(const Config& config, const ParamSpec& spec) {
  return {spec.name, spec.kind, {spec.min, spec.max}, unit_of(config, spec)};
}

Result<std::string> text_of(const Config& config, const Reading& reading) {
  const std::string written = config.raw(reading.name).value_or("");
  if (reading.kind == ParamSpec::Kind::Raw) return written;
  Result<std::string> expanded = config.expand(written);
  if (!expanded) config.explain(reading.name, written, "the value cannot be expanded");
  return expanded;
}

// The value that is set, or the default; a mistake is explained in the log and returned.
template <typename T>
Status read_strictly(const Config& config, const Reading& reading, T& value) {
  const Result<std::string> text = text_of(config, reading);
  if (!text) return text.error();
  Status converted = convert(reading, *text, value);
  if (!converted) {
    config.explain(reading.name, *text, "must be " + allowed_values(reading.kind, reading.bounds));
  }
  return converted;
}

// For programs that should not care: a bad value is as good as none.
template <typename T>
void read_leniently(const Config& config, const ParamSpec& spec, T& value) {
  const Reading reading = reading_of(config, spec);
  // What has to be computed may be dear (mynetworks asks for all interfaces).
  if (spec.default_text == kComputed && config.find(spec.name) == nullptr) return;
  const auto take = [&](const std::optional<std::string>& written) {
    if (!written) return false;
    const auto text =
        spec.kind == ParamSpec::Kind::Raw ? written : expand_quietly(config, *written);
    return text && convert(reading, *text, value).has_value();
  };
  if (!take(config.raw(spec.name))) (void)take(default_value(config, spec.name));
}

// Before all others: their defaults depend on it.
Status check_compatibility_level(const Config& config) {
  constexpr std::string_view kName = "compatibility_level";
  const Result<std::string> level = config.value(kName);
  if (!level) return level.error();
  Status checked = check_level(*level);
  if (!checked) {
    config.explain(kName, *level, "must be a version, \"3\", \"3.6\" or \"3.6.1\"");
  }
  return checked;
}

// Debian's way: "myorigin = /etc/mailname" is the first line of that file.
Status read_origin_file(const Config& config, std::string& origin) {
  constexpr std::string_view kName = "myorigin";
  const std::string path = origin;
  if (!path.starts_with('/')) return {};
  const auto mistake = [&](const std::string& problem) {
    config.explain(kName, path, "must be a domain, or a file that begins with one");
    return Error::syntax(problem);
  };
  const Result<std::string> text = util::read_text_file(path);
  if (!text) return mistake(path + ": cannot open file: " + util::errno_text(text.error().code));
  origin = util::trim(std::string_view(*text).substr(0, text->find('\n')));
  if (origin.empty()) return mistake("myorigin file " + path + " is empty");
  return {};
}

void warn_of_former_names(const Config& config, std::string_view program) {
  for (const FormerName& renamed : kFormerNames) {
    if (config.find(renamed.former) == nullptr || !find_param(renamed.name)->read_by(program))
      continue;
    msg::warn("{}: the name of parameter {} is {} today", config.place_of(renamed.former),
              renamed.former, renamed.name);
  }
}

template <typename T>
Result<T> try_read(const Config& config, std::string_view name, ParamSpec::Kind kind, T fallback,
                   Bounds bounds) {
  const ParamSpec* spec = find_param(name);
  if (spec == nullptr && config.find(name) == nullptr) return fallback;
  const Reading reading = spec != nullptr ? reading_of(config, *spec) : Reading{name, kind, bounds};
  if (Status read = read_strictly(config, reading, fallback); !read) return read.error();
  return fallback;
}

}  // namespace

bool ParamSpec::read_by(std::string_view program) const {
  const auto words = util::split(readers, ",");
  return std::ranges::any_of(words, [&](auto word) { return word == "all" || word == program; });
}

std::span<const ParamSpec> all_params() {
  return kSpecs;
}

std::span<const FormerName> all_former_names() {
  return kFormerNames;
}

const ParamSpec* find_param(std::string_view name) {
  const auto* found = std::ranges::lower_bound(kSpecs, name, {}, &ParamSpec::name);
  return found != std::end(kSpecs) && found->name == name ? found : nullptr;
}

Result<Params> try_load_params(const Config& config, std::string_view program) {
  if (Status level = check_compatibility_level(config); !level) return level.error();
  warn_of_former_names(config, program);
  Params params;
  Status status;
  for (const std::size_t row : kReadingOrder) {
    const ParamSpec& spec = kSpecs[row];
    const auto read = [&](auto member) {
      if (spec.read_by(program)) {
        status = read_strictly(config, reading_of(config, spec), params.*member);
      } else {
        read_leniently(config, spec, params.*member);
      }
    };
    std::visit(read, kMembers[row]);
    if (!status) return std::move(status).error();
  }
  if (status = read_origin_file(config, params.myorigin); !status) return std::move(status).error();
  return params;
}

std::vector<Error> find_bad_values(const Config& config) {
  std::vector<Error> found;
  const auto note = [&](Status status) {
    if (!status) found.push_back(std::move(status).error());
  };
  note(check_compatibility_level(config));
  Params params;
  for (std::size_t i = 0; i < std::size(kSpecs); ++i) {
    std::visit(
        [&](auto member) {
          note(read_strictly(config, reading_of(config, kSpecs[i]), params.*member));
        },
        kMembers[i]);
  }
  note(read_origin_file(config, params.myorigin));
  for (Error& bad : find_bad_words(config, params)) found.push_back(std::move(bad));
  return found;
}

Params load_params(const Config& config, std::string_view program) {
  return util::or_die(try_load_params(config, program));
}

Result<int> try_read_int(const Config& config, std::string_view name, int fallback, Bounds bounds) {
  return try_read(config, name, ParamSpec::Kind::Int, fallback, bounds);
}

Result<std::chrono::seconds> try_read_time(const Config& config, std::string_view name,
                                           std::chrono::seconds fallback, Bounds bounds) {
  return try_read(config, name, ParamSpec::Kind::Time, fallback, bounds);
}

Result<std::string> try_read_str(const Config& config, std::string_view name,
                                 const std::string& fallback, Bounds bounds) {
  return try_read(config, name, ParamSpec::Kind::Str, fallback, bounds);
}

Result<bool> try_read_bool(const Config& config, std::string_view name, bool fallback) {
  return try_read(config, name, ParamSpec::Kind::Bool, fallback, {});
}

Status try_check_like(const Config& config, std::string_view name, const ParamSpec& like) {
  if (config.find(name) == nullptr) return {};
  Reading reading = reading_of(config, like);
  reading.name = name;
  const auto read = [&]<typename T>(T Params::*) {
    T value{};
    return read_strictly(config, reading, value);
  };
  return std::visit(read, kMembers[&like - std::begin(kSpecs)]);
}

int read_int(const Config& config, std::string_view name, int fallback, Bounds bounds) {
  return util::or_die(try_read_int(config, name, fallback, bounds));
}

std::chrono::seconds read_time(const Config& config, std::string_view name,
                               std::chrono::seconds fallback, Bounds bounds) {
  return util::or_die(try_read_time(config, name, fallback, bounds));
}

std::string read_str(const Config& config, std::string_view name, const std::string& fallback,
                     Bounds bounds) {
  return util::or_die(try_read_str(config, name, fallback, bounds));
}

bool read_bool(const Config& config, std::string_view name, bool fallback) {
  return util::or_die(try_read_bool(config, name, fallback));
}

}  // namespace handoff::global
