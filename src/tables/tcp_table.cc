// tcp:host:port, tcp_table(5): "get KEY", and three digits with a text.
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "tables/server_connection.h"
#include "tables/server_tables.h"
#include "tables/table_types.h"
#include "tables/tcp_protocol.h"
#include "util/msg.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::Status;

// A connection is kept for as long as the server wants.
constexpr auto kForEver = std::chrono::hours(24 * 365);

class TcpTable final : public Table {
 public:
  TcpTable(ServerAddress server, const TcpPatience& patience)
      : Table("tcp:" + server.name()),
        patience_(patience),
        connection_(std::move(server), {patience.io, kForEver, kForEver}) {}

  [[nodiscard]] Keys keys() const override { return Keys::Pattern; }

  Answer lookup(std::string_view key) override {
    Error problem;
    for (int attempt = 1; attempt <= patience_.attempts; ++attempt) {
      const Result<std::string> line = ask("get " + quote_tcp(key) + '\n');
      if (line) return answer(*line);
      problem = line.error();
      if (problem.kind == Error::Kind::Protocol) return unavailable(problem.what);
      if (attempt < patience_.attempts) std::this_thread::sleep_for(patience_.pause);
    }
    return unavailable(problem.what, problem.code);
  }

 private:
  [[nodiscard]] const std::string& server() const { return connection_.address().name(); }

  Result<std::string> ask(const std::string& question) {
    Result<util::Stream*> stream = connection_.stream();
    if (!stream) {
      msg::warn("connect to TCP map {}: {}", server(), util::errno_text(stream.error().code));
      return std::move(stream).error();
    }
    Status sent = (*stream)->write(question);
    Result<std::string> line =
        sent ? (*stream)->read_through('\n', kTcpReplyLimit) : Result<std::string>(sent.error());
    if (line) return line;
    connection_.disconnect();
    if (line.error().kind == Error::Kind::Limit) return wrong_reply("malformed reply: too long");
    const int code = line.error().kind == Error::Kind::Timeout ? ETIMEDOUT : line.error().code;
    msg::warn("read TCP map reply from {}: {}", server(),
              code == 0 ? "unexpected EOF" : util::errno_text(code));
    return Error{line.error().kind, line.error().what, code};
  }

  Answer answer(std::string_view line) {
    const Result<TcpReply> reply = TcpReply::parse(line);
    if (!reply) {
      connection_.disconnect();
      return unavailable(wrong_reply(reply.error().what).what);
    }
    switch (reply->kind) {
      case TcpReply::Kind::Found:
        return std::optional(reply->text);
      case TcpReply::Kind::NotFound:
        return std::optional<std::string>();
      case TcpReply::Kind::Unavailable:
        break;
    }
    connection_.disconnect();
    return unavailable("the server of " + name() + " says: " + reply->text);
  }

  [[nodiscard]] Error wrong_reply(const std::string& what) const {
    msg::warn("read TCP map reply from {}: {}", server(), what);
    return Error::protocol(what);
  }

  TcpPatience patience_;
  ServerConnection connection_;
};

}  // namespace

std::unique_ptr<Table> make_tcp_table(ServerAddress server, const TcpPatience& patience) {
  return std::make_unique<TcpTable>(std::move(server), patience);
}

OpenedTable open_tcp_table(std::string_view name, const TableOptions& options) {
  if (Status allowed = require_read_only("tcp", name, options); !allowed) return allowed.error();
  if (options.no_unauthenticated) {
    return misconfigured("tcp:" + std::string(name) +
                         " map is not allowed for security sensitive data");
  }
  Result<ServerAddress> server = ServerAddress::inet(name);
  if (!server) return std::move(server).error();
  return make_tcp_table(*std::move(server), {});
}

}  // namespace handoff::tables
