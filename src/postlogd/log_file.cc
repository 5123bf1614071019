#include "postlogd/log_file.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "util/append_file.h"

namespace handoff::postlogd {

util::Result<LogFile> LogFile::open(const std::string& path) {
  auto file = util::open_for_append(path);
  if (!file) return std::move(file).error();
  return LogFile(*std::move(file));
}

util::Status LogFile::append(std::string_view record) {
  std::string line(record);
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const auto written = ::write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return util::Error::system("write", errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace handoff::postlogd
