// proxy:type:name, a table that proxymap(8) opens and asks for us.
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "tables/proxymap_proto.h"
#include "tables/server_connection.h"
#include "tables/settings.h"
#include "tables/table_types.h"
#include "util/hang_up.h"
#include "util/msg.h"

namespace handoff::tables {
namespace {

using namespace std::chrono_literals;
using util::Error;
using util::Result;

constexpr auto kPause = 1s;

// What makes one instance of a table differ from another, in the server; the rest goes with each
// request. Keys are folded here.
constexpr std::uint32_t kInstanceFlags =
    table_flag::kTryWithoutNul | table_flag::kTryWithNul | table_flag::kValuesAreFiles;
constexpr std::uint32_t kOwnFlags = table_flag::kFoldLiterals | table_flag::kFoldPatterns;

// Daemons live in the queue directory, which has no name any more once it is their root.
bool is_at_home(const std::string& queue_directory) {
  std::error_code unknown;
  return !std::filesystem::exists(queue_directory, unknown) ||
         std::filesystem::equivalent(".", queue_directory, unknown);
}

std::string socket_path(const std::string& service) {
  const std::string path = std::string(proxymap::kClass) + '/' + service;
  const std::string& home = settings().queue_directory;
  return is_at_home(home) ? path : home + '/' + path;
}

ServerConnection::Limits limits() {
  return {settings().ipc_timeout, settings().ipc_idle, settings().ipc_ttl};
}

std::string reason_of(const Error& error) {
  return error.kind == Error::Kind::Timeout ? util::errno_text(ETIMEDOUT) : error.what;
}

// One for each of the two services, shared by the tables of this process.
class ProxyClient {
 public:
  explicit ProxyClient(const std::string& service)
      : service_(service),
        connection_({true, socket_path(service)}, limits(), [](util::Stream& stream) {
          return util::attr0::receive_announcement(stream, proxymap::kProtocol);
        }) {}

  [[nodiscard]] const std::string& service() const { return service_; }

  // The mail system cannot do without: as stock, it goes on trying.
  template <typename Reply, typename Request>
  Reply ask(const Request& request) {
    for (int attempt = 1;; ++attempt) {
      Result<Reply> reply = ask_once<Reply>(request);
      if (reply) return *std::move(reply);
      connection_.disconnect();
      // A server that has left meanwhile is nothing to talk about.
      if (attempt > 1 || !util::is_hang_up(reply.error()))
        msg::warn("problem talking to service {}: {}", service_, reason_of(reply.error()));
      std::this_thread::sleep_for(kPause);
    }
  }

 private:
  template <typename Reply, typename Request>
  Result<Reply> ask_once(const Request& request) {
    const Result<util::Stream*> stream = connection_.stream();
    if (!stream) return stream.error();
    if (auto sent = util::attr0::send(**stream, request); !sent) return sent.error();
    return util::attr0::receive<Reply>(**stream);
  }

  std::string service_;
  ServerConnection connection_;
};

ProxyClient& client_of(const std::string& service) {
  static std::map<std::string, ProxyClient> clients;
  return clients.try_emplace(service, service).first->second;
}

class ProxyTable final : public Table {
 public:
  ProxyTable(std::string_view target, ProxyClient& client, std::uint32_t flags)
      : Table("proxy:" + std::string(target)), target_(target), client_(client), flags_(flags) {}

  // The fatal errors are for the operator to mend; the server is asked once.
  void open() {
    const auto reply =
        client_.ask<proxymap::OpenReply>(proxymap::Open{target_, flags_ & kInstanceFlags});
    check(reply.status);
    pattern_ = (reply.flags & table_flag::kPattern) != 0;
    many_writers_ = (reply.flags & table_flag::kManyWriters) != 0;
  }

  [[nodiscard]] Keys keys() const override { return pattern_ ? Keys::Pattern : Keys::Literal; }
  [[nodiscard]] bool many_writers() const override { return many_writers_; }

  Answer lookup(std::string_view key) override {
    auto reply =
        client_.ask<proxymap::LookupReply>(proxymap::Lookup{target_, flags_, std::string(key)});
    if (auto known = outcome(reply.status); !known) return known.error();
    if (reply.status == proxymap::Status::NoKey) return std::optional<std::string>();
    return std::optional(std::move(reply.value));
  }

  Result<bool> update(std::string_view key, std::string_view value) override {
    return outcome(client_
                       .ask<proxymap::StatusReply>(
                           proxymap::Update{target_, flags_, std::string(key), std::string(value)})
                       .status);
  }

  Result<bool> remove(std::string_view key) override {
    return outcome(
        client_.ask<proxymap::StatusReply>(proxymap::Delete{target_, flags_, std::string(key)})
            .status);
  }

  Result<std::optional<Entry>> sequence(Step step) override {
    auto reply = client_.ask<proxymap::SequenceReply>(
        proxymap::Sequence{target_, flags_, step == Step::First ? 0 : 1});
    if (auto known = outcome(reply.status); !known) return known.error();
    if (reply.status == proxymap::Status::NoKey) return std::optional<Entry>();
    return std::optional<Entry>({std::move(reply.key), std::move(reply.value)});
  }

 private:
  using Status = proxymap::Status;

  void check(Status status) const {
    if (status == Status::Malformed)
      msg::fatal("{} open failed for table \"{}\": invalid request", client_.service(), target_);
    if (status == Status::Denied)
      msg::fatal("{} service is not configured for table \"{}\"", client_.service(), target_);
  }

  // True: done, or found. False: there is no such key.
  [[nodiscard]] Result<bool> outcome(Status status) const {
    check(status);
    switch (status) {
      case Status::Ok:
        return true;
      case Status::NoKey:
        return false;
      case Status::Misconfigured:
        return misconfigured(client_.service() + ": configuration error");
      default:
        return unavailable(client_.service() + ": temporary error");
    }
  }

  std::string target_;
  ProxyClient& client_;
  std::uint32_t flags_;
  bool pattern_ = false;
  bool many_writers_ = false;
};

}  // namespace

OpenedTable open_proxy_table(std::string_view name, const TableOptions& options) {
  const bool reading = options.access == Access::Read;
  ProxyClient& client =
      client_of(reading ? settings().proxy_service : settings().proxy_write_service);
  auto table = std::make_unique<ProxyTable>(name, client, to_flags(options) & ~kOwnFlags);
  table->open();
  return std::unique_ptr<Table>(std::move(table));
}

}  // namespace handoff::tables
