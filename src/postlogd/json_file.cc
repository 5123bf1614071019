#include "postlogd/json_file.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "util/append_file.h"
#include "util/sockets.h"

namespace handoff::postlogd {

util::Result<JsonFile> JsonFile::open(const std::string& path) {
  auto file = util::open_for_append(path);
  if (!file) return std::move(file).error();
  if (auto set = util::set_nonblocking(file->get(), true); !set) return set.error();
  return JsonFile(*std::move(file));
}

void JsonFile::append(std::string_view record, Milliseconds now, std::string_view session) {
  if (lost_ > 0 && write(json_loss(lost_, now))) lost_ = 0;
  if (lost_ > 0 || !write(json_record(record, now, session))) ++lost_;
}

bool JsonFile::write(std::string line) {
  if (!finish_line()) return false;
  line += '\n';
  rest_ = std::move(line);
  const std::size_t size = rest_.size();
  (void)finish_line();
  if (rest_.size() < size) return true;
  rest_.clear();
  return false;
}

bool JsonFile::finish_line() {
  while (!rest_.empty()) {
    const auto written = ::write(file_.get(), rest_.data(), rest_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    rest_.erase(0, static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace handoff::postlogd
