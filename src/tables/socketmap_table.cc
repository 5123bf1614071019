// socketmap:inet:host:port:map and socketmap:unix:path:map
#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "tables/server_connection.h"
#include "tables/server_tables.h"
#include "tables/socketmap_protocol.h"
#include "tables/table_types.h"
#include "util/hang_up.h"
#include "util/msg.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::Status;

constexpr int kAttempts = 2;

using SharedConnection = std::shared_ptr<ServerConnection>;

// Maps of one server share a connection.
SharedConnection connection_to(const std::string& service, const ServerAddress& address) {
  static std::map<std::string, std::weak_ptr<ServerConnection>> connections;
  std::weak_ptr<ServerConnection>& known = connections[service];
  if (SharedConnection open = known.lock()) return open;
  auto connection = std::make_shared<ServerConnection>(address, ServerConnection::Limits());
  known = connection;
  return connection;
}

class SocketmapTable final : public Table {
 public:
  SocketmapTable(std::string_view name, std::string map, SharedConnection connection)
      : Table("socketmap:" + std::string(name)),
        map_(std::move(map)),
        connection_(std::move(connection)) {}

  [[nodiscard]] Keys keys() const override { return Keys::Pattern; }

  Answer lookup(std::string_view key) override {
    const Result<std::string> reply = ask(map_ + ' ' + std::string(key));
    if (!reply) {
      msg::warn("table {} lookup error: {}", name(), reply.error().what);
      return unavailable(reply.error().what, reply.error().code);
    }
    return answer(SocketmapReply::parse(*reply));
  }

 private:
  using Kind = SocketmapReply::Kind;

  // A connection that was kept may have died meanwhile.
  Result<std::string> ask(const std::string& question) {
    Result<std::string> reply = Error::closed("");
    for (int attempt = 0; attempt < kAttempts && !reply; ++attempt) {
      Result<util::Stream*> stream = connection_->stream();
      if (!stream) {
        msg::warn("connect to {}: {}", connection_->address().name(),
                  util::errno_text(stream.error().code));
        return explain(stream.error());
      }
      reply = ask_once(**stream, question);
      if (!reply) connection_->disconnect();
      if (!reply && reply.error().kind != Error::Kind::Closed) break;
    }
    return reply;
  }

  static Result<std::string> ask_once(util::Stream& stream, const std::string& question) {
    if (Status sent = stream.write(encode_netstring(question)); !sent) return explain(sent.error());
    while (true) {
      const Result<std::string_view> bytes = stream.more();
      if (!bytes) return explain(bytes.error());
      const auto netstring = find_netstring(*bytes, kSocketmapReplyLimit);
      if (!netstring) return explain(netstring.error());
      if (!*netstring) continue;
      std::string reply((*netstring)->text);
      stream.consume((*netstring)->length);
      return reply;
    }
  }

  // In stock's words.
  static Error explain(const Error& error) {
    if (util::is_hang_up(error)) return Error::closed("unexpected disconnect");
    switch (error.kind) {
      case Error::Kind::Timeout:
        return {Error::Kind::Timeout, "timeout error", ETIMEDOUT};
      case Error::Kind::Limit:
        return Error::limit("input exceeds size limit");
      case Error::Kind::Protocol:
        return Error::protocol("input format error");
      default:
        return {error.kind, util::errno_text(error.code), error.code};
    }
  }

  Answer answer(const SocketmapReply& reply) {
    switch (reply.kind) {
      case Kind::Found:
        return std::optional(reply.text);
      case Kind::NotFound:
        return std::optional<std::string>();
      case Kind::Temporary:
        return refused("temporary", reply);
      case Kind::Timeout:
        return refused("timeout", reply);
      case Kind::Permanent:
        return misconfigured(refused("permanent", reply).what);
      case Kind::Unknown:
        return refused("unknown", reply);
    }
    return std::optional<std::string>();
  }

  [[nodiscard]] Error refused(std::string_view kind, const SocketmapReply& reply) const {
    const std::string reason = reply.text.empty() ? "" : ": " + reply.text;
    msg::warn("{} socketmap server {} error{}", name(), kind, reason);
    return unavailable("socketmap server error: " + reply.text);
  }

  std::string map_;
  SharedConnection connection_;
};

}  // namespace

std::unique_ptr<Table> make_socketmap_table(std::string_view name, std::string map,
                                            SharedConnection connection) {
  return std::make_unique<SocketmapTable>(name, std::move(map), std::move(connection));
}

OpenedTable open_socketmap_table(std::string_view name, const TableOptions& options) {
  if (Status allowed = require_read_only("socketmap", name, options); !allowed)
    return allowed.error();
  if (options.no_unauthenticated) {
    return misconfigured("socketmap:" + std::string(name) +
                         " map is not allowed for security sensitive data");
  }
  const std::size_t colon = name.rfind(':');
  if (colon == std::string_view::npos)
    return misconfigured("socketmap requires server:socketmap argument");
  const std::string service(name.substr(0, colon));
  const Result<ServerAddress> address = ServerAddress::parse(service);
  if (!address) return address.error();
  return make_socketmap_table(name, std::string(name.substr(colon + 1)),
                              connection_to(service, *address));
}

}  // namespace handoff::tables
