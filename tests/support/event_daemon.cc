// event_daemon.cc - a daemon on the event skeleton, for tests of draining: see event_daemon.py.
//
// Clients say "pid", and get the number of the process that serves them, or "later", and get it
// after a while, from a timer.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <list>
#include <string>

#include "service/event_server.h"

namespace {

using namespace handoff;
using namespace std::chrono_literals;

constexpr auto kAWhile = 500ms;

class Talk final : public service::EventService {
 public:
  explicit Talk(service::MultiServer& server) : scheduler_(server.scheduler()) {}

  void on_client(service::Client client) override {
    const auto session = sessions_.emplace(sessions_.end());
    session->client = std::move(client);
    session->readable = scheduler_.readable(session->client.connection.fd.get(),
                                            [this, session] { on_readable(session); });
  }

 private:
  struct Session {
    service::Client client;
    util::Watch readable;
    util::Timer later;
  };
  using Sessions = std::list<Session>;

  static void tell_pid(const Session& session) {
    const std::string line = std::to_string(getpid()) + "\n";
    (void)!write(session.client.connection.fd.get(), line.data(), line.size());
  }
  void on_readable(Sessions::iterator session) {
    std::array<char, 64> buffer;
    const auto size =
        recv(session->client.connection.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size <= 0) {
      sessions_.erase(session);
      return;
    }
    if (buffer[0] == 'p') return tell_pid(*session);
    session->later = scheduler_.after(kAWhile, [session] { tell_pid(*session); });
  }

  util::Scheduler& scheduler_;
  Sessions sessions_;
};

}  // namespace

int main(int argc, char** argv) {
  return service::run_event_server(argc, argv, {.retires = true}, [](service::MultiServer& server) {
    return std::make_unique<Talk>(server);
  });
}
