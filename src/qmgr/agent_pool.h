// agent_pool.h - the conversations with delivery agents.
//
// One connection for each request: the agent says hello, and only then a request is chosen; the
// agent delivers and answers, and we hang up (spec/queue-and-delivery.md 2). An agent that dies
// with a request in hand costs its message a retry, never the message.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "global/delivery_request.h"
#include "qmgr/dispatcher.h"
#include "util/list_connection.h"

namespace handoff::qmgr {

class AgentPool {
 public:
  struct Options {
    std::chrono::milliseconds answer_limit = std::chrono::seconds(18000);  // daemon_timeout
    std::chrono::milliseconds pause = std::chrono::seconds(1);  // while a service is overrun
  };
  struct Handlers {
    // No reply: the agent has died, or does not speak our language.
    std::function<void(std::unique_ptr<Entry>, const global::DeliveryReply*)> on_done;
    // The service cannot be reached at all.
    std::function<void(Transport&, const global::Dsn&)> on_transport_failure;
  };

  AgentPool(util::Scheduler& scheduler, Dispatcher& dispatcher, Options options, Handlers handlers);
  ~AgentPool();

  // The dispatcher has been told that an agent of this transport is pending.
  void connect(Transport& transport);
  [[nodiscard]] std::size_t size() const { return agents_.size(); }

 private:
  struct Agent;
  using AgentIt = std::list<Agent>::iterator;

  void begin(AgentIt agent);
  void on_list(AgentIt agent, std::string_view list);
  void on_announcement(AgentIt agent, std::string_view list);
  void on_reply(AgentIt agent, std::string_view list);
  void on_end(AgentIt agent, const util::Error& why);
  void on_silent_end(AgentIt agent, const util::Error& why);
  void transport_failure(AgentIt agent);
  void finish(AgentIt agent, const global::DeliveryReply* reply);
  [[nodiscard]] bool is_hello(const Agent& agent, std::string_view list) const;

  util::Scheduler& scheduler_;
  Dispatcher& dispatcher_;
  Options options_;
  Handlers handlers_;
  std::list<Agent> agents_;
  std::map<const Transport*, int> silent_ends_;  // in a row, per transport
};

// What the agent is told.
global::DeliveryRequest make_request(const Entry& entry);

}  // namespace handoff::qmgr
