#include "master/launcher.h"

#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "util/msg.h"

namespace handoff::master {
namespace {

using util::Result;
using util::Status;

bool same_service(const PlannedService& planned, const Service& running) {
  return planned.entry.type == running.entry().type &&
         planned.endpoint.canonical == running.endpoint().canonical;
}

bool is_log(const Service& service) {
  return service.entry().type == ServiceType::UnixDatagram;
}

}  // namespace

Service* Launcher::find(const PlannedService& planned) {
  const auto found = std::find_if(services_.begin(), services_.end(), [&](const Service& running) {
    return same_service(planned, running);
  });
  return found == services_.end() ? nullptr : &*found;
}

bool Launcher::in_use(const std::string& path) const {
  return std::any_of(services_.begin(), services_.end(),
                     [&path](const Service& running) { return running.endpoint().path == path; });
}

// Where another service listens (only its type changes) comes last: from then on its clients wait
// for what is not there yet.
Result<Launcher::Plan> Launcher::prepare(Setup setup) {
  Plan plan(std::move(setup));
  const auto& planned = plan.setup_.services;
  for (const bool taking_over : {false, true}) {
    for (std::size_t i = 0; i < planned.size(); ++i) {
      const std::string& path = planned[i].endpoint.path;
      const bool takes_over = !path.empty() && in_use(path);
      if (takes_over != taking_over || find(planned[i]) != nullptr) continue;
      if (auto done = open(plan, i); !done) return std::move(done).error();
    }
  }
  if (auto done = open_status(plan); !done) return std::move(done).error();
  return plan;
}

Status Launcher::open_status(Plan& plan) {
  for (std::size_t i = 0; i < plan.setup_.services.size(); ++i) {
    auto pair = StatusPair::open();
    if (!pair) return std::move(pair).error();
    plan.status_.push_back(*std::move(pair));
  }
  return {};
}

Status Launcher::open(Plan& plan, std::size_t service) const {
  const Setup& setup = plan.setup_;
  const auto& [entry, endpoint] = setup.services[service];
  const int backlog = std::max(entry.process_limit, setup.params.default_process_limit);
  Plan::Opened& opened = plan.opened_.emplace_back();
  opened.service = service;
  if (!endpoint.path.empty()) {
    auto path = PathClaim::on(endpoint.path, in_use(endpoint.path), setup.owner);
    if (!path) return std::move(path).error();
    opened.path.emplace(*std::move(path));
  }
  auto listeners = open_listeners(entry.type, endpoint, backlog, setup.owner);
  if (!listeners) return std::move(listeners).error();
  opened.listeners = *std::move(listeners);
  return {};
}

void Launcher::use(Plan plan, Environment environment) {
  setup_ = std::move(plan.setup_);
  spawner_.configure(setup_.params.daemon_directory, std::move(environment));
  if (setup_.file_differs) spawner_.hand_out(setup_.main_cf.get());
  const ServiceContext context{scheduler_, spawner_, setup_.params.service_throttle_time};
  for (std::size_t i = 0; i < setup_.services.size(); ++i) {
    const PlannedService& planned = setup_.services[i];
    Service* running = find(planned);
    if (running == nullptr) continue;
    warn_of_changed_interfaces(planned, *running);
    running->reconfigure(planned.entry, context.throttle_time, std::move(plan.status_[i]));
  }
  // All of them exist before the first is woken up: they talk to one another.
  std::vector<std::pair<Service*, StatusPair>> fresh;
  for (Plan::Opened& each : plan.opened_) {
    const PlannedService& planned = setup_.services[each.service];
    if (each.path) each.path->keep();
    Service& service =
        services_.emplace_back(context, planned.entry, planned.endpoint, std::move(each.listeners));
    fresh.emplace_back(&service, std::move(plan.status_[each.service]));
  }
  remove_vanished();
  for (auto& [service, status] : fresh) service->start(std::move(status));
}

// Who began to read the bad file before we knew of it is about to fail.
void Launcher::keep_setup() {
  spawner_.hand_out(setup_.main_cf.get());
  for (Service& service : services_) service.forgive();
}

void Launcher::remove_vanished() {
  for (auto each = services_.begin(); each != services_.end();) {
    const auto service = each++;
    const bool planned =
        std::any_of(setup_.services.begin(), setup_.services.end(),
                    [&](const PlannedService& plan) { return same_service(plan, *service); });
    if (!planned) remove(service);
  }
}

void Launcher::serve_log() {
  for (Service& service : services_) {
    if (is_log(service)) service.serve_waiting_client();
  }
}

void Launcher::remove_all_but_log() {
  for (auto each = services_.begin(); each != services_.end();) {
    const auto service = each++;
    if (!is_log(*service)) remove(service);
  }
}

void Launcher::remove_log() {
  serve_log();
  while (!services_.empty()) remove(services_.begin());
}

// The object stays until its last process has ended.
void Launcher::remove(Services::iterator service) {
  service->remove();
  if (service->abandoned()) {
    services_.erase(service);
  } else {
    leaving_.splice(leaving_.end(), services_, service);
  }
}

void Launcher::warn_of_changed_interfaces(const PlannedService& planned,
                                          const Service& running) const {
  if (planned.endpoint.interfaces == running.endpoint().interfaces) return;
  msg::warn("service {}: ignoring inet_interfaces change", planned.entry.name);
  msg::warn("to change inet_interfaces, stop and start Postfix");
}

// Children that nobody here knows are those that init inherits when master is process 1.
bool Launcher::reap() {
  int wait_status = 0;
  pid_t pid = 0;
  while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
    for (Services* list : {&services_, &leaving_}) {
      const auto found = std::find_if(list->begin(), list->end(),
                                      [pid](const Service& service) { return service.has(pid); });
      if (found != list->end()) found->child_died(pid, wait_status);
    }
  }
  leaving_.remove_if([](const Service& service) { return service.abandoned(); });
  return pid == 0;
}

std::vector<pid_t> Launcher::children() const {
  std::vector<pid_t> all;
  for (const Services* list : {&services_, &leaving_}) {
    for (const Service& service : *list) {
      const auto pids = service.children();
      all.insert(all.end(), pids.begin(), pids.end());
    }
  }
  return all;
}

}  // namespace handoff::master
