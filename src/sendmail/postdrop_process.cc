#include "sendmail/postdrop_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "sendmail/fail.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/unique_fd.h"

namespace handoff::sendmail {

using util::Error;
using util::Stream;
using util::UniqueFd;

namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

util::Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) < 0) return Error::system("pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

util::Result<pid_t> spawn(const std::vector<std::string>& words, int input, int output) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t pid = -1;
  const int code = posix_spawn(&pid, words[0].c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) return Error::system("execvp " + words[0], code);
  return pid;
}

}  // namespace

PostdropProcess::PostdropProcess(std::string command, pid_t pid, Stream to, Stream from)
    : command_(std::move(command)), pid_(pid), to_(std::move(to)), from_(std::move(from)) {}

PostdropProcess::PostdropProcess(PostdropProcess&& other) noexcept
    : command_(std::move(other.command_)),
      pid_(std::exchange(other.pid_, -1)),
      to_(std::move(other.to_)),
      from_(std::move(other.from_)) {}

PostdropProcess::~PostdropProcess() {
  to_.reset();
  (void)wait();
}

util::Result<PostdropProcess> PostdropProcess::start(const global::Params& params, int verbose) {
  std::vector<std::string> words{params.command_directory + "/postdrop", "-r"};
  for (int i = 1; i < verbose; ++i) words.emplace_back("-v");
  auto to = make_pipe();
  auto from = make_pipe();
  if (!to) return std::move(to).error();
  if (!from) return std::move(from).error();
  const auto pid = spawn(words, to->read.get(), from->write.get());
  if (!pid) return std::move(pid).error();
  // Ours now, and nobody else's: whoever reads must see the end when the other one has gone.
  to->read.reset();
  from->write.reset();
  std::string command = fmt::format("{}", fmt::join(words, " "));
  PostdropProcess process(command, *pid, Stream(std::move(to->write), command, params.ipc_timeout),
                          Stream(std::move(from->read), command, params.ipc_timeout));
  if (!util::attr0::receive<global::PostdropAnnouncement>(process.from_)) {
    process.to_.reset();
    process.warn_of(process.wait());
    return Error::closed("unable to execute " + command + ": " + util::errno_text(0));
  }
  return process;
}

void PostdropProcess::write(std::string_view bytes) {
  if (to_) (void)to_->write(bytes);  // whether it arrived shows in the reply
}

global::SubmissionReply PostdropProcess::finish() {
  if (to_) (void)to_->flush();
  const auto reply = util::attr0::receive<global::SubmissionReply>(from_);
  to_.reset();
  const int status = wait();
  if (reply) return *reply;
  warn_of(status);
  return {global::cleanup_status::kWriteError, ""};
}

// The status, as waitpid(2) tells it.
int PostdropProcess::wait() {
  const pid_t pid = std::exchange(pid_, -1);
  int status = 0;
  if (pid < 0) return status;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) break;
  return status;
}

void PostdropProcess::warn_of(int status) const {
  if (WIFSIGNALED(status)) {
    msg::warn("command \"{}\" killed by signal {}", command_, WTERMSIG(status));
  } else if (WEXITSTATUS(status) != 0) {
    msg::warn("command \"{}\" exited with status {}", command_, WEXITSTATUS(status));
  }
}

}  // namespace handoff::sendmail
