#include "smtpstone/payload.h"

#include <fmt/format.h>

#include <algorithm>

namespace handoff::smtpstone {
namespace {

constexpr std::size_t kLine = 80;
constexpr std::string_view kLineEnd = "\r\n";

}  // namespace

std::string wire_text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32 + 2);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('.')) out += '.';
    out += line;
    out += kLineEnd;
  }
  return out;
}

std::string filler(std::size_t size) {
  std::string out;
  out.reserve(size);
  for (int line = 1; size - out.size() >= kLine; ++line) {
    out += static_cast<char>('0' + line % 10);
    out.append(kLine - 1 - kLineEnd.size(), 'X');
    out += kLineEnd;
  }
  const std::size_t rest = size - out.size();
  if (rest == 1) {  // no room for a line end of its own
    out.insert(out.size() - std::min(out.size(), kLineEnd.size()), 1, 'X');
  } else if (rest > 0) {
    out.append(rest - kLineEnd.size(), 'X');
    out += kLineEnd;
  }
  return out;
}

std::string default_body() {
  std::string out;
  for (int i = 1; i <= 4; ++i) out += fmt::format("This is line {} of a test message.\r\n", i);
  return out;
}

}  // namespace handoff::smtpstone
