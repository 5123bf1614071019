// scache_dialogue.h - the server's half of the scache protocol, with one client (spec/ipc.md 4, 5).
//
// Never waits: it is told when there is something to read, or room to write, answers what is
// complete, and keeps the rest until more comes. What a client does to its dialogue stays with
// that client; the worst that happens to it is that it is closed. For scache(8), and for whoever
// wants a server in its own process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "global/scache_proto.h"
#include "global/scache_statistics.h"
#include "global/session_cache.h"
#include "util/attr0.h"
#include "util/pass_fd.h"
#include "util/scheduler.h"
#include "util/sparing_log.h"
#include "util/unique_fd.h"

namespace handoff::global::scache {

class Inspection;

// What clients have in common, on either socket; outlives them.
struct Desk {
  util::Scheduler& scheduler;
  SessionCache& cache;
  Statistics& statistics;
  std::string client_name;  // in the log: "scache socket"
  std::chrono::seconds ttl_limit{};
  std::chrono::seconds stall_limit{};  // how long a client may leave a request half done
  // Descriptors have run short: makes room for a few. False: there is nothing to close.
  std::function<bool()> relieve = [] { return false; };
  util::SparingLog sparing_log{scheduler};  // for what clients can cause as often as they like
  // The first request of this process has been served; called once.
  std::function<void()> first_served = nullptr;
  // For requests that look inside, on the second socket. Null: they are not known.
  Inspection* inspection = nullptr;
  // Somebody brings a cache (Inherit), with this attached. Empty: that request is not known.
  std::function<void(util::UniqueFd socket, util::Received attached)> inherit = nullptr;

  void request_served() {
    if (const auto tell = std::exchange(first_served, nullptr)) tell();
  }
};

class Dialogue {
 public:
  enum class Arrival {
    New,
    Inherited,  // another process has served it so far
  };
  using Release = std::function<void(util::UniqueFd)>;

  // Announces the protocol to who is new. `gone` is called once, when the client has left or is to
  // be closed; it may destroy the Dialogue.
  Dialogue(Desk& desk, util::UniqueFd socket, std::function<void()> gone,
           Arrival arrival = Arrival::New);
  // Finishes the request in hand. As soon as there is none, perhaps at once, `release` gets the
  // connection, with whatever the client has sent since still in it; it may destroy the Dialogue.
  // A client that leaves before that is `gone`.
  void settle(Release release);
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

 private:
  // What the client's next words are taken for.
  enum class Phase {
    Request,
    Descriptor,  // a byte that carries the session to be saved
    FirstTurn,   // "dummy": send the session that was found
    SecondTurn,  // "dummy": got it
  };

  void await_input();
  void on_readable();
  void on_writable();
  void serve_and_watch();
  [[nodiscard]] bool at_rest() const;
  void let_go();
  bool read_input();
  bool serve();
  bool serve_list();

  void on_list(std::string_view list);
  void on_request(std::string_view list);
  void dispatch(std::string_view name, util::attr0::ListReader& reader);
  void inherit();
  void save_endpoint(util::attr0::ListReader& reader);
  void save_destination(util::attr0::ListReader& reader);
  void find_endpoint(util::attr0::ListReader& reader);
  void find_destination(util::attr0::ListReader& reader);
  void on_descriptor();
  void on_first_turn(std::string_view list);
  void on_second_turn(std::string_view list);
  void hand_over(util::UniqueFd session, std::string_view service);

  template <typename Reply>
  void refuse(std::string_view service);
  template <typename Message>
  void say(const Message& message) {
    send(util::attr0::encode(message));
  }
  void send(std::string_view bytes);

  [[nodiscard]] bool mid_request() const;
  void watch_for_stall();
  void on_stall();
  void log_broken_off(bool timed_out) const;

  Desk& desk_;
  util::UniqueFd socket_;
  std::function<void()> gone_;
  util::Watch readable_;
  util::Watch writable_;  // as long as something could not be sent

  Phase phase_ = Phase::Request;
  bool failed_ = false;  // the connection is of no use anymore
  Release release_;      // once it is settling
  int malformed_ = 0;    // lists in a row that were no good request
  std::string input_;    // what has come and was not yet complete
  util::attr0::ListScanner scanner_;
  std::string output_;       // what could not be sent at once
  util::Received attached_;  // came with the last byte of input_

  SaveEndpoint saving_;       // in Phase::Descriptor
  util::UniqueFd found_;      // in Phase::FirstTurn
  std::string_view service_;  // for the log: the request in hand

  util::Timer stall_timer_;
  util::Scheduler::TimePoint last_progress_;
};

}  // namespace handoff::global::scache
