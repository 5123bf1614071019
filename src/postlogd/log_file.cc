#include "postlogd/log_file.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "util/append_file.h"
#include "util/sockets.h"

namespace handoff::postlogd {

util::Result<LogFile> LogFile::open(const std::string& path, FullPipe full_pipe) {
  auto file = util::open_for_append(path, util::Reader::Later);
  if (!file) return std::move(file).error();
  if (full_pipe == FullPipe::Wait)
    if (auto set = util::set_nonblocking(file->get(), false); !set) return set.error();
  return LogFile(*std::move(file));
}

void LogFile::append(std::string line, const Loss& loss) {
  if (lost_ > 0 && write(loss(lost_))) lost_ = 0;
  if (lost_ > 0 || !write(std::move(line))) ++lost_;
}

bool LogFile::write(std::string line) {
  if (!finish_line()) return false;
  line += '\n';
  rest_ = std::move(line);
  const std::size_t size = rest_.size();
  (void)finish_line();
  if (rest_.size() < size) return true;
  rest_.clear();
  return false;
}

bool LogFile::finish_line() {
  while (!rest_.empty()) {
    const auto written = ::write(file_.get(), rest_.data(), rest_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    rest_.erase(0, static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace handoff::postlogd
