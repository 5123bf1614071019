#include "master/books.h"

namespace handoff::master {

namespace proto = global::master_proto;

void Books::forked(pid_t pid, unsigned generation) {
  children_[pid] = {.generation = generation, .available = true, .reported = false, .completed = 0};
  ++available_;
}

Books::Report Books::note(const proto::StatusRecord& record) {
  const auto found = children_.find(record.pid);
  if (found == children_.end()) return Report::UnknownChild;
  Child& child = found->second;
  if (child.generation != record.generation) return Report::WrongGeneration;
  const bool now_available =
      record.availability == static_cast<int>(proto::Availability::Available);
  if (!now_available && record.availability != static_cast<int>(proto::Availability::Taken)) {
    return Report::UnknownValue;
  }
  child.reported = true;
  if (child.available == now_available) return Report::Unchanged;
  child.available = now_available;
  available_ += now_available ? 1 : -1;
  if (now_available) ++child.completed;
  return Report::Noted;
}

Books::Death Books::died(pid_t pid, int wait_status) {
  const auto found = children_.find(pid);
  if (found == children_.end()) return Death::Stranger;
  const Child child = found->second;
  children_.erase(found);
  if (child.available) --available_;
  if (wait_status != 0) return child.completed == 0 ? Death::FailedStart : Death::Ordinary;
  return child.reported ? Death::Ordinary : Death::Fruitless;
}

void Books::forgive() {
  for (auto& [pid, child] : children_) ++child.completed;
}

std::vector<pid_t> Books::children() const {
  std::vector<pid_t> pids;
  for (const auto& [pid, child] : children_) pids.push_back(pid);
  return pids;
}

}  // namespace handoff::master
