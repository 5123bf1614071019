#include "master/books.h"

namespace handoff::master {

namespace proto = global::master_proto;

void Books::forked(pid_t pid, unsigned generation) {
  children_[pid] = {generation, true, 0};
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
  if (child.available == now_available) return Report::Unchanged;
  child.available = now_available;
  available_ += now_available ? 1 : -1;
  if (now_available) ++child.completed;
  return Report::Noted;
}

bool Books::died(pid_t pid, int wait_status) {
  const auto found = children_.find(pid);
  if (found == children_.end()) return false;
  if (found->second.available) --available_;
  const bool useless = wait_status != 0 && found->second.completed == 0;
  children_.erase(found);
  return useless;
}

std::vector<pid_t> Books::children() const {
  std::vector<pid_t> pids;
  for (const auto& [pid, child] : children_) pids.push_back(pid);
  return pids;
}

}  // namespace handoff::master
