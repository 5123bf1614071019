#include "global/main_cf_snapshot.h"

#include <fmt/format.h>
#include <sys/auxv.h>

#include <cstdlib>

#include "global/master_proto.h"
#include "util/in_memory_file.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::global {
namespace {

namespace proto = master_proto;
using util::Result;
using util::UniqueFd;

constexpr std::string_view kMagic = "handoff main.cf ";
constexpr std::size_t kSizeLimit = 64 << 20;

// The file in memory begins with this.
std::string head(std::string_view config_directory) {
  return fmt::format("{}{}\n", kMagic, config_directory);
}

// Who has been started with privileges that its caller lacks believes nothing of its environment.
UniqueFd take_descriptor() {
  const char* text = std::getenv(proto::kMainCfVariable);
  if (text == nullptr || getauxval(AT_SECURE) != 0) return {};
  const auto fd = util::to_int(text);
  if (!fd || *fd < proto::kFirstListenerFd || !util::sealed(*fd)) {
    msg::warn("{}={}: this is not what master hands out", proto::kMainCfVariable, text);
    (void)unsetenv(proto::kMainCfVariable);
    return {};
  }
  (void)unsetenv(proto::kMainCfVariable);
  return UniqueFd(*fd);
}

}  // namespace

Result<UniqueFd> make_main_cf_snapshot(std::string_view config_directory, std::string_view text) {
  auto file = util::in_memory_file("main.cf", head(config_directory).append(text));
  if (!file) return file;
  if (auto done = util::seal(file->get()); !done) return done.error();
  return file;
}

std::optional<std::string> take_main_cf_snapshot(std::string_view config_directory) {
  const UniqueFd file = take_descriptor();
  if (!file) return std::nullopt;
  auto text = util::read_whole_file(file.get(), kSizeLimit);
  if (!text) {
    msg::warn("the main.cf that master hands out: {}", text.error().what);
    return std::nullopt;
  }
  const std::string expected = head(config_directory);
  if (!text->starts_with(expected)) return std::nullopt;  // another mail system's
  text->erase(0, expected.size());
  return *std::move(text);
}

}  // namespace handoff::global
