// postlog_prefix.h - what postlogd(8) is to know about the lines that are logged now.
#pragma once

#include <string>

namespace handoff::util::msg {

// While it lives, and no other one does, each record for postlogd(8) begins with it, behind the
// mark of the sink. No other log shows it.
class PostlogPrefix {
 public:
  explicit PostlogPrefix(std::string prefix);
  PostlogPrefix(const PostlogPrefix&) = delete;
  PostlogPrefix& operator=(const PostlogPrefix&) = delete;
  ~PostlogPrefix();

  static const std::string& current();
};

}  // namespace handoff::util::msg
