// farewells.h - what remote ends are told before idle sessions are closed: SMTP's QUIT.
//
// Many sessions, few texts: each text is kept once and named by a small number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::global {

class Farewells {
 public:
  using Number = std::uint16_t;
  static constexpr Number kNone = 0;

  // Texts are kept for ever. There is room for a thousand different ones, of at most a thousand
  // bytes; what does not fit is kNone.
  Number number_of(std::string_view text);
  [[nodiscard]] std::string_view text(Number number) const;

  // Never waits: a remote end that does not read gets what fits.
  void say(Number number, int connection) const;

 private:
  std::vector<std::string> texts_;  // number 1 is the first
};

}  // namespace handoff::global
