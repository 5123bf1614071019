// log.h - what the code under test has logged.
//
// Warnings and worse fail the test unless it announced them; info lines are only kept.
#pragma once

#include <string>
#include <vector>

namespace handoff::test {

class LogCapture {
 public:
  static void install();  // main() does
  static void clear();

  // All lines since the test began, "warning: text".
  static std::vector<std::string> lines();
  static bool contains(const std::string& part);
  // This test may log lines that contain `part`.
  static void expect(const std::string& part);
  static std::vector<std::string> unexpected();
};

}  // namespace handoff::test
