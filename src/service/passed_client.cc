#include "service/passed_client.h"

#include <array>
#include <cerrno>
#include <vector>

#include "util/msg.h"
#include "util/pass_fd.h"
#include "util/stream.h"

namespace handoff::service {
namespace {

using util::Error;

// The log calls this function by the name that administrators know.
void warn(std::string_view why) {
  msg::warn("pass_accept_attr: {}", why);
}
constexpr std::string_view kNoDescriptor = "cannot receive file descriptor";
constexpr std::string_view kNoAttributes = "cannot receive connection attributes";
constexpr std::string_view kTimeout = "timeout receiving file descriptor";

std::vector<std::string_view> strings_of(std::string_view list) {
  std::vector<std::string_view> strings;
  for (std::size_t end = 0; (end = list.find('\0')) != std::string_view::npos;) {
    strings.push_back(list.substr(0, end));
    list.remove_prefix(end + 1);
  }
  return strings;
}

}  // namespace

util::Result<std::map<std::string, std::string>> parse_pass_attributes(std::string_view list) {
  std::map<std::string, std::string> attributes;
  const auto strings = strings_of(list);
  std::size_t at = 0;
  while (at + 1 < strings.size() && !strings[at].empty()) {
    attributes[std::string(strings[at])] = strings[at + 1];
    at += 2;
  }
  if (at >= strings.size() || !strings[at].empty()) {
    return Error::protocol("incomplete attribute list");
  }
  return attributes;
}

std::optional<Connection> receive_passed_client(util::UniqueFd passer) {
  util::Stream stream(std::move(passer), "passed connection", kPassLimit);
  auto fd = stream.receive_fd();
  if (!fd) {
    warn(fd.error().kind == Error::Kind::Timeout ? kTimeout : kNoDescriptor);
    return std::nullopt;
  }
  const auto list = util::attr0::receive_list(stream);
  auto attributes = list ? parse_pass_attributes(*list) : list.error();
  if (!attributes) {
    warn(kNoAttributes);
    return std::nullopt;
  }
  return Connection{*std::move(fd), *std::move(attributes)};
}

PassedClient::PassedClient(util::Scheduler& scheduler, util::UniqueFd passer)
    : passer_(std::move(passer)),
      watch_(scheduler.readable(passer_.get(), [this] { on_readable(); })),
      limit_(scheduler.after(kPassLimit, [this] { fail(client_ ? kNoAttributes : kTimeout); })) {}

void PassedClient::on_readable() {
  if (!client_) {
    auto fd = util::receive_fd(passer_.get());
    if (!fd && fd.error().code == EAGAIN) return;
    if (!fd) return fail(kNoDescriptor);
    client_ = *std::move(fd);
    return;
  }
  std::array<char, 4096> buffer{};
  auto received = util::receive(passer_.get(), buffer);
  if (!received && received.error().code == EAGAIN) return;
  if (!received || received->bytes == 0) return fail(kNoAttributes);
  list_.append(buffer.data(), received->bytes);
  on_list();
}

void PassedClient::on_list() {
  const auto end = scanner_.scan(list_);
  if (!end) return fail(kNoAttributes);
  if (!*end) return;
  auto attributes = parse_pass_attributes(std::string_view(list_).substr(0, **end));
  if (!attributes) return fail(kNoAttributes);
  finish(Connection{std::move(client_), *std::move(attributes)});
}

void PassedClient::fail(std::string_view why) {
  warn(why);
  finish(std::nullopt);
}

void PassedClient::finish(std::optional<Connection> client) {
  watch_.cancel();
  limit_.cancel();
  const Done done = std::move(done_);  // destroys this object
  done(std::move(client));
}

}  // namespace handoff::service
