#include "tables/unicode.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unicode/ucasemap.h>
#include <unicode/uidna.h>

#include <array>
#include <cstdint>
#include <vector>

#include "util/msg.h"
#include "util/text.h"

// The names of functions and of the library carry ICU's version.
#define HANDOFF_QUOTE(text) #text
#define HANDOFF_NAME_OF(function) HANDOFF_QUOTE(function)
#define HANDOFF_LIBRARY(name, version) name "." HANDOFF_QUOTE(version)
#define HANDOFF_FUNCTION(function) find<decltype(&(function))>(HANDOFF_NAME_OF(function))

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;

constexpr const char* kLibrary = HANDOFF_LIBRARY("libicuuc.so", U_ICU_VERSION_MAJOR_NUM);

// Without the library all functions are null.
template <typename Function>
Function find(const char* name) {
  static void* const library = [] {
    void* const opened = dlopen(kLibrary, RTLD_NOW);  // for as long as the process lives
    if (opened == nullptr) {
      msg::warn("cannot load {}: upper and lower case are told apart beyond ASCII: {}", kLibrary,
                dlerror());
    }
    return opened;
  }();
  return library == nullptr ? nullptr : reinterpret_cast<Function>(dlsym(library, name));
}

class CaseFolding {
 public:
  CaseFolding() {
    const auto open = HANDOFF_FUNCTION(ucasemap_open);
    fold_ = HANDOFF_FUNCTION(ucasemap_utf8FoldCase);
    UErrorCode code = U_ZERO_ERROR;
    if (open != nullptr && fold_ != nullptr) map_ = open("", U_FOLD_CASE_DEFAULT, &code);
  }

  [[nodiscard]] std::optional<std::string> fold(std::string_view text) const {
    if (map_ == nullptr) return std::nullopt;
    std::string folded(text.size() * 3, '\0');
    UErrorCode code = U_ZERO_ERROR;
    const std::int32_t length = fold_(map_, folded.data(), static_cast<std::int32_t>(folded.size()),
                                      text.data(), static_cast<std::int32_t>(text.size()), &code);
    if (U_FAILURE(code)) return std::nullopt;
    folded.resize(static_cast<std::size_t>(length));
    return folded;
  }

 private:
  UCaseMap* map_ = nullptr;  // for as long as the process lives
  decltype(&ucasemap_utf8FoldCase) fold_ = nullptr;
};

const CaseFolding& folding() {
  static const CaseFolding folding;
  return folding;
}

// --- Internationalized domain names

struct IdnaError {
  std::uint32_t bit;
  const char* name;
};
#define HANDOFF_IDNA_ERROR(name) \
  IdnaError {                    \
    name, #name                  \
  }
constexpr std::array kIdnaErrors = {
    HANDOFF_IDNA_ERROR(UIDNA_ERROR_EMPTY_LABEL),
    HANDOFF_IDNA_ERROR(UIDNA_ERROR_LABEL_TOO_LONG),
    HANDOFF_IDNA_ERROR(UIDNA_ERROR_DOMAIN_NAME_TOO_LONG),
    HANDOFF_IDNA_ERROR(UIDNA_ERROR_LEADING_HYPHEN),
    HANDOFF_IDNA_ERROR(UIDNA_ERROR_TRAILING_HYPHEN),
    HANDOFF_IDNA_ERROR(UIDNA_ERROR_HYPHEN_3_4),
    HANDOFF_IDNA_ERROR(UIDNA_ERROR_LEADING_COMBINING_MARK),
    HANDOFF_IDNA_ERROR(UIDNA_ERROR_DISALLOWED),
    HANDOFF_IDNA_ERROR(UIDNA_ERROR_PUNYCODE),
    HANDOFF_IDNA_ERROR(UIDNA_ERROR_LABEL_HAS_DOT),
    HANDOFF_IDNA_ERROR(UIDNA_ERROR_INVALID_ACE_LABEL),
};

std::string names_of(std::uint32_t errors) {
  std::vector<const char*> names;
  for (const IdnaError& one : kIdnaErrors)
    if ((errors & one.bit) != 0) names.push_back(one.name);
  return fmt::format("{}", fmt::join(names, ","));
}

// What the library makes of the name, or the reason why it does not.
Result<std::string> translate(std::string_view domain) {
  const auto open = HANDOFF_FUNCTION(uidna_openUTS46);
  const auto to_unicode = HANDOFF_FUNCTION(uidna_nameToUnicodeUTF8);
  const auto close = HANDOFF_FUNCTION(uidna_close);
  if (open == nullptr || to_unicode == nullptr || close == nullptr)
    return Error::not_found(kLibrary);
  UErrorCode code = U_ZERO_ERROR;
  UIDNA* const idna = open(UIDNA_DEFAULT | UIDNA_NONTRANSITIONAL_TO_UNICODE, &code);
  if (U_FAILURE(code)) return Error::syntax(fmt::format("error {}", int{code}));
  std::string name(domain.size() * 4, '\0');  // at most one character for a byte
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  const std::int32_t length =
      to_unicode(idna, domain.data(), static_cast<std::int32_t>(domain.size()), name.data(),
                 static_cast<std::int32_t>(name.size()), &info, &code);
  close(idna);
  if (U_FAILURE(code)) return Error::syntax(fmt::format("error {}", int{code}));
  if (info.errors != 0) return Error::syntax(names_of(info.errors));
  name.resize(static_cast<std::size_t>(length));
  return name;
}

}  // namespace

void prepare_case_folding() {
  folding();
}

std::optional<std::string> fold_unicode(std::string_view text) {
  return folding().fold(text);
}

Result<std::string> domain_to_utf8(std::string_view domain) {
  // Labels that mean more than they say have two hyphens: those alone are worth the library.
  if (domain.find("--") == std::string_view::npos) return util::to_lower(domain);
  auto name = translate(domain);
  if (name) return name;
  return Error::syntax(
      fmt::format("midna_domain_to_utf8_create: Problem translating domain \"{}\" to UTF8 form: {}",
                  domain, name.error().what));
}

}  // namespace handoff::tables
