// compact_text.h - a string that takes one pointer and one allocation of exactly its size.
//
// For tables with hundreds of thousands of entries; std::string takes four times as much before
// the first character. Not for text that changes.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace handoff::util {

class CompactText {
 public:
  CompactText() = default;
  explicit CompactText(std::string_view text)
      : bytes_(std::make_unique_for_overwrite<char[]>(sizeof(Length) + text.size())) {
    const auto length = static_cast<Length>(text.size());
    std::memcpy(bytes_.get(), &length, sizeof(length));
    if (length > 0) std::memcpy(bytes_.get() + sizeof(length), text.data(), length);
  }
  // As long as this object lives.
  [[nodiscard]] std::string_view view() const {
    if (!bytes_) return {};
    Length length;
    std::memcpy(&length, bytes_.get(), sizeof(length));
    return {bytes_.get() + sizeof(length), length};
  }

 private:
  using Length = std::uint32_t;
  std::unique_ptr<char[]> bytes_;  // the length stands before the text
};

}  // namespace handoff::util
