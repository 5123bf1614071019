#include "service/client_server.h"

#include <cerrno>

#include "global/master_proto.h"
#include "service/accepting.h"
#include "util/msg.h"
#include "util/sockets.h"
#include "util/text.h"

namespace handoff::service {

namespace proto = global::master_proto;

// Clients may outlive the server at the very end of the process, so they do not refer to it.
class ClientServer::Count final : public Presence::Counter {
 public:
  explicit Count(ClientServer& server) : server_(server) {}
  void left() noexcept override {
    --clients;
    server_.client_left();
  }
  std::size_t clients = 0;

 private:
  ClientServer& server_;
};

ClientServer::ClientServer(Started started)
    : ProcessOf(std::move(started)),
      count_(std::make_shared<Count>(*this)),
      status_(take_status_channel(this->started())) {}

ClientServer::~ClientServer() = default;

std::size_t ClientServer::clients() const {
  return count_->clients;
}

void ClientServer::request_begins() {
  status_.taken();
}

void ClientServer::request_ended() {
  if (!status_.available()) on_master_gone();
  if (started().options.stand_alone) leave(Leaving::Done);
}

std::string ClientServer::socket_path() const {
  if (started().options.stand_alone) return {};
  auto path = util::local_path(proto::kFirstListenerFd);
  return path ? *std::move(path) : std::string();
}

Presence ClientServer::add_client() {
  ++count_->clients;
  idle_.cancel();
  return Presence(count_);
}

void ClientServer::leave(Leaving why) {
  if (stage_ == Stage::Leaving || stage_ == Stage::DrainWanted) return;
  const bool drains = mode_.drains && stage_ == Stage::Serving && count_->clients > 0;
  stage_ = drains && why != Leaving::Done ? Stage::DrainWanted : Stage::Leaving;
  why_ = why;
  loop_.stop();
}

void ClientServer::run(MultiService& service, const Needs& needs, Mode mode) {
  service_ = &service;
  mode_ = std::move(mode);
  life_ = lifetime(params(), started().options, needs);
  start_watchdog(mode_.watchdog);
  show_progress();
  if (started().options.stand_alone) {
    standard_input_.emplace();
    hand_over(standard_input_->take_client());
    serve();
    return service.on_exit(why_);
  }
  listeners_ = take_listeners(started());
  watch_master();
  watch_listeners();
  start_idle_timer();
  if (life_.retire_after) {
    retirement_ = loop_.after(*life_.retire_after, [this] { leave(Leaving::Retired); });
  }
  serve();
  service.on_exit(why_);
}

void ClientServer::serve() {
  while (stage_ != Stage::Leaving) {
    loop_.run();
    if (stage_ == Stage::DrainWanted) drain();
  }
}

void ClientServer::show_progress() {
  progress_ = loop_.after(put_off_alarm(), [this] { show_progress(); });
}

void ClientServer::watch_master() {
  master_ = loop_.readable(status_.fd(), [this] { on_master_gone(); });
}

// Whoever connects from now on waits for the next process.
void ClientServer::on_master_gone() {
  if (!master_.pending()) return;
  if (service_->master_has_gone()) return leave(Leaving::MasterGone);
  master_.cancel();
  watches_.clear();
  passing_.clear();
  pause_.cancel();
  listeners_.clear();
}

void ClientServer::watch_listeners() {
  watches_.clear();
  for (const auto& listener : listeners_) {
    watches_.push_back(loop_.readable(listener.get(), [this, &listener] { accept_one(listener); }));
  }
}

void ClientServer::accept_one(const util::UniqueFd& listener) {
  if (const std::string why = service_->stale(); !why.empty()) {
    msg::info("{} -- restarting", why);
    return leave(Leaving::Stale);
  }
  auto accepted = util::accept_connection(listener.get());
  if (!accepted) {
    const int code = accepted.error().code;
    if (util::transient_accept_error(code)) return;
    if (code == EMFILE && service_->make_room()) return;  // it is still waiting
    msg::error("{}", accepted.error().what);
    if (out_of_descriptors(code)) pause_accepting();
    return;
  }
  const std::string& transport = started().options.transport;
  if (util::equal_ignoring_case(transport, proto::type::kPass)) {
    return receive_passed(*std::move(accepted));
  }
  Connection connection{*std::move(accepted), {}};
  keep_alive(connection.fd, transport);
  hand_over(std::move(connection));
}

void ClientServer::pause_accepting() {
  watches_.clear();
  pause_ = loop_.after(kPauseWithoutDescriptors, [this] { watch_listeners(); });
}

void ClientServer::receive_passed(util::UniqueFd passer) {
  const auto place = passing_.emplace(passing_.end(), loop_, std::move(passer));
  place->on_done([this, place](std::optional<Connection> client) {
    passing_.erase(place);
    if (client) hand_over(*std::move(client));
  });
}

void ClientServer::hand_over(Connection connection) {
  if (mode_.records_per_client) status_.taken();
  service_->on_client({std::move(connection), add_client()});
  if (mode_.records_per_client && !status_.available()) leave(Leaving::MasterGone);
}

void ClientServer::client_left() {
  ++uses_;
  if (count_->clients > 0 || stage_ == Stage::Leaving) return;
  if (started().options.stand_alone || stage_ == Stage::Draining) return leave(Leaving::Done);
  if (life_.max_use && uses_ >= *life_.max_use) return leave(Leaving::UsedUp);
  start_idle_timer();
}

void ClientServer::start_idle_timer() {
  if (!life_.max_idle) return;
  idle_ = loop_.after(*life_.max_idle, [this] { on_idle(); });
}

void ClientServer::on_idle() {
  if (service_->wants_to_stay()) return start_idle_timer();
  leave(Leaving::Idle);
}

}  // namespace handoff::service
