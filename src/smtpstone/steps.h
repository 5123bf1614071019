// steps.h - what a dialogue wants its driver to do towards the client, in this order.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::smtpstone {

struct Step {
  std::chrono::milliseconds wait{0};  // before the text goes out
  std::string text;
  std::chrono::milliseconds read_pause{0};  // after the text went out
  bool hang_up = false;                     // after the text went out; nothing follows
};

// Neighbouring replies become one step, so that they leave in one write.
class Steps {
 public:
  void say(std::string_view text) { open().text += text; }
  void wait(std::chrono::milliseconds time) {
    if (time.count() > 0) all_.emplace_back().wait = time;
  }
  void pause_reading(std::chrono::milliseconds time) {
    if (time.count() > 0) open().read_pause = time;
  }
  void hang_up() { open().hang_up = true; }

  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] std::vector<Step>& all() { return all_; }
  [[nodiscard]] const std::vector<Step>& all() const { return all_; }
  void clear() { all_.clear(); }

 private:
  Step& open() {
    if (all_.empty() || all_.back().read_pause.count() > 0) all_.emplace_back();
    return all_.back();
  }

  std::vector<Step> all_;
};

}  // namespace handoff::smtpstone
