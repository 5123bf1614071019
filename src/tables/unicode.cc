#include "tables/unicode.h"

#include <dlfcn.h>
#include <unicode/ucasemap.h>

#include <cstdint>
#include <memory>

#include "util/msg.h"

// The names of functions and of the library carry ICU's version.
#define HANDOFF_QUOTE(text) #text
#define HANDOFF_NAME_OF(function) HANDOFF_QUOTE(function)
#define HANDOFF_LIBRARY(name, version) name "." HANDOFF_QUOTE(version)

namespace handoff::tables {
namespace {

constexpr const char* kLibrary = HANDOFF_LIBRARY("libicuuc.so", U_ICU_VERSION_MAJOR_NUM);

class CaseFolding {
 public:
  CaseFolding() {
    void* library = dlopen(kLibrary, RTLD_NOW);
    if (library == nullptr) {
      msg::warn("cannot load {}: upper and lower case are told apart beyond ASCII: {}", kLibrary,
                dlerror());
      return;
    }
    const auto open =
        reinterpret_cast<decltype(&ucasemap_open)>(dlsym(library, HANDOFF_NAME_OF(ucasemap_open)));
    fold_ = reinterpret_cast<decltype(&ucasemap_utf8FoldCase)>(
        dlsym(library, HANDOFF_NAME_OF(ucasemap_utf8FoldCase)));
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

}  // namespace

void prepare_case_folding() {
  folding();
}

std::optional<std::string> fold_unicode(std::string_view text) {
  return folding().fold(text);
}

}  // namespace handoff::tables
