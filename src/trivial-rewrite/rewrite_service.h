// rewrite_service.h - the conversation with one client after another: requests in, answers out.
//
// A malformed request costs its sender the connection, as with stock: clients come again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "service/multi_server.h"
#include "tables/table.h"
#include "trivial-rewrite/resolver.h"
#include "util/list_connection.h"

namespace handoff::rewrite {

// What main.cf says, as one thing: made once.
struct Rules {
  RewriteRules local;
  RewriteRules remote;
  ResolverSettings resolver;
  Routes routes;
  Routes probe_routes;
};

class RewriteService final : public service::MultiService {
 public:
  RewriteService(service::MultiServer& server, Rules rules);

  void on_client(service::Client client) override;
  std::string stale() override { return tables::changed_table(); }

  // The answer to one request; nothing when it is malformed (which has been logged).
  [[nodiscard]] std::optional<std::string> answer(std::string_view list) const;

 private:
  struct Conversation {
    service::Presence presence;
    std::unique_ptr<util::ListConnection> connection;
  };

  void on_request(std::uint64_t client, std::string_view list);
  // What clients are told to do beside: to come again, when what we say may be old.
  [[nodiscard]] static int server_flags();
  [[nodiscard]] std::optional<std::string> answer_rewrite(std::string_view list) const;
  [[nodiscard]] std::optional<std::string> answer_resolve(std::string_view list,
                                                          const Resolver& resolver) const;

  service::MultiServer& server_;
  Rules rules_;
  Resolver resolver_;
  Resolver probe_resolver_;
  std::string peer_name_;
  std::uint64_t next_client_ = 0;
  std::map<std::uint64_t, Conversation> conversations_;
};

}  // namespace handoff::rewrite
