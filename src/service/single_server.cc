#include "service/single_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "global/master_proto.h"
#include "service/accepting.h"
#include "service/exclusive_wait.h"
#include "service/lifetime.h"
#include "service/passed_client.h"
#include "service/relay.h"
#include "service/startup.h"
#include "util/msg.h"
#include "util/sockets.h"
#include "util/text.h"

namespace handoff::service {
namespace {

namespace proto = global::master_proto;
using Clock = std::chrono::steady_clock;

class SingleServer final : public ProcessOf<Process> {
 public:
  using ProcessOf::ProcessOf;

  void run(SingleService& service, const Needs& needs);

 private:
  struct Waiting {  // what there is to wait for
    std::vector<util::UniqueFd> listeners;
    StatusChannel status;
    ExclusiveWait wait;
    explicit Waiting(const Started& started)
        : listeners(take_listeners(started)),
          status(take_status_channel(started)),
          wait(listeners, status.fd()) {}
  };

  Leaving serve_clients(SingleService& service);
  [[nodiscard]] std::optional<Leaving> overdue(Clock::time_point now) const;
  std::optional<std::chrono::milliseconds> wait_limit(SingleService& service) const;
  std::optional<Connection> accept(Waiting& waiting, std::size_t listener) const;
  // False: master has gone.
  bool serve_one(SingleService& service, StatusChannel& status, Connection client);

  Lifetime life_;
  std::optional<Clock::time_point> idle_end_;
  std::optional<Clock::time_point> retirement_;
};

void SingleServer::run(SingleService& service, const Needs& needs) {
  life_ = lifetime(params(), started().options, needs);
  if (started().options.stand_alone) {
    Relay relay;
    service.serve(relay.take_client());
    return service.on_exit(Leaving::Done);
  }
  start_watchdog(params().daemon_timeout);
  service.on_exit(serve_clients(service));
}

Leaving SingleServer::serve_clients(SingleService& service) {
  Waiting waiting(started());
  const auto deadline = [](std::optional<std::chrono::seconds> limit) {
    return limit ? std::optional(Clock::now() + *limit) : std::nullopt;
  };
  idle_end_ = deadline(life_.max_idle);
  retirement_ = deadline(life_.retire_after);
  int uses = 0;
  while (!life_.max_use || uses < *life_.max_use) {
    made_progress();  // also after an alarm: it interrupts the wait
    msg::offer_waiting();
    const auto wake = waiting.wait.wait(wait_limit(service));
    if (wake.master_gone) return Leaving::MasterGone;
    if (!wake.listener) {
      if (const auto why = overdue(Clock::now())) return *why;
      continue;
    }
    if (const std::string why = service.stale(); !why.empty()) {
      msg::info("{} -- restarting", why);
      return Leaving::Stale;
    }
    auto client = accept(waiting, *wake.listener);
    if (!client) continue;
    if (!serve_one(service, waiting.status, *std::move(client))) return Leaving::MasterGone;
    ++uses;
    idle_end_ = deadline(life_.max_idle);
  }
  return Leaving::UsedUp;
}

std::optional<Leaving> SingleServer::overdue(Clock::time_point now) const {
  if (idle_end_ && now >= *idle_end_) return Leaving::Idle;
  if (retirement_ && now >= *retirement_) return Leaving::Retired;
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> SingleServer::wait_limit(SingleService& service) const {
  auto limit = service.while_idle();
  if (msg::has_waiting())
    limit = std::min(limit.value_or(msg::kOfferInterval), msg::kOfferInterval);
  const auto now = Clock::now();
  for (const auto& end : {idle_end_, retirement_}) {
    if (!end) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end - now);
    limit = std::min(limit.value_or(left), left);
  }
  return limit;
}

std::optional<Connection> SingleServer::accept(Waiting& waiting, std::size_t listener) const {
  auto accepted = util::accept_connection(waiting.listeners[listener].get());
  if (!accepted) {
    const int code = accepted.error().code;
    if (util::transient_accept_error(code)) return std::nullopt;
    msg::error("{}", accepted.error().what);
    // Only the end of master is of interest meanwhile.
    if (out_of_descriptors(code)) {
      (void)util::wait_readable(waiting.status.fd(), kPauseWithoutDescriptors);
    }
    return std::nullopt;
  }
  if (util::equal_ignoring_case(started().options.transport, proto::type::kPass)) {
    return receive_passed_client(*std::move(accepted));
  }
  Connection client{*std::move(accepted), {}};
  keep_alive(client.fd, started().options.transport);
  return client;
}

bool SingleServer::serve_one(SingleService& service, StatusChannel& status, Connection client) {
  status.taken();
  service.serve(std::move(client));
  return status.available();
}

}  // namespace

int run_single_server(int argc, char** argv, const Needs& needs, const MakeSingleService& make) {
  SingleServer server(start(argc, argv, kSingleSkeleton, needs));
  const auto service = make(server);
  enter_jail(server.started(), *service);
  server.run(*service, needs);
  return 0;
}

}  // namespace handoff::service
