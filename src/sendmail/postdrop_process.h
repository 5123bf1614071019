// postdrop_process.h - a postdrop(1) that takes our message.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "global/cleanup_messages.h"
#include "global/params.h"
#include "util/result.h"
#include "util/stream.h"

namespace handoff::sendmail {

class PostdropProcess {
 public:
  // "postdrop -r" from command_directory, told to be as verbose as we are.
  static util::Result<PostdropProcess> start(const global::Params& params, int verbose);
  PostdropProcess(PostdropProcess&& other) noexcept;
  PostdropProcess& operator=(PostdropProcess&&) = delete;
  // Without finish(), the message is cancelled. Waits for the process.
  ~PostdropProcess();

  // Errors show at finish().
  void write(std::string_view bytes);
  // After the last record: what became of the message, also when the process could not tell.
  global::SubmissionReply finish();

  [[nodiscard]] const std::string& command() const { return command_; }

 private:
  PostdropProcess(std::string command, pid_t pid, util::Stream to, util::Stream from);
  int wait();
  void warn_of(int status) const;

  std::string command_;
  pid_t pid_;
  std::optional<util::Stream> to_;
  util::Stream from_;
};

}  // namespace handoff::sendmail
