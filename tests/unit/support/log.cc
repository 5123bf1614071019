#include "support/log.h"

#include <algorithm>
#include <memory>

#include "util/msg.h"

namespace handoff::test {
namespace {

struct Captured {
  std::vector<std::string> lines;
  std::vector<std::string> announced;
} captured;

class CapturingSink : public msg::Sink {
  void write(msg::Level level, std::string_view, std::string_view text) noexcept override {
    captured.lines.push_back(std::string(msg::label(level)) + std::string(text));
  }
};

bool is_part(const std::string& line, const std::string& part) {
  return line.find(part) != std::string::npos;
}

bool is_complaint(const std::string& line) {
  return std::ranges::any_of(std::initializer_list<const char*>{"warning: ", "error: "},
                             [&](const char* label) { return line.starts_with(label); });
}

}  // namespace

void LogCapture::install() {
  msg::clear_sinks();
  msg::add_sink(std::make_unique<CapturingSink>());
}

void LogCapture::clear() {
  captured = {};
}

std::vector<std::string> LogCapture::lines() {
  return captured.lines;
}

bool LogCapture::contains(const std::string& part) {
  return std::ranges::any_of(captured.lines,
                             [&](const std::string& line) { return is_part(line, part); });
}

void LogCapture::expect(const std::string& part) {
  captured.announced.push_back(part);
}

std::vector<std::string> LogCapture::unexpected() {
  std::vector<std::string> result;
  std::ranges::copy_if(captured.lines, std::back_inserter(result), [](const std::string& line) {
    return is_complaint(line) &&
           std::ranges::none_of(captured.announced,
                                [&](const std::string& part) { return is_part(line, part); });
  });
  return result;
}

}  // namespace handoff::test
