// books.h - the processes of one service: who is there, who is busy, and what to do about it.
//
// Pure book-keeping, told of forks, status records and deaths. From it follows whether master has
// to listen for the next client itself, to fork a process for it (spec/master.md 3.2 to 3.4).
#pragma once

#include <sys/types.h>

#include <unordered_map>
#include <vector>

#include "global/master_proto.h"

namespace handoff::master {

class Books {
 public:
  enum class Report {
    Noted,
    Unchanged,
    UnknownChild,     // it has been reaped already
    WrongGeneration,  // a former process of the same number
    UnknownValue,
  };

  // 0: no limit.
  void set_process_limit(int limit) { limit_ = limit; }

  // Counts as available from now on, it need not say so.
  void forked(pid_t pid, unsigned generation);
  Report note(const global::master_proto::StatusRecord& record);
  enum class Death {
    Ordinary,
    FailedStart,  // before it had completed one request: it will fail again
    Fruitless,    // left of its own will, without having reported anything
    Stranger,     // not in these books
  };
  Death died(pid_t pid, int wait_status);

  // Whoever is there now may fail without being taken for one that always will.
  void forgive();

  void throttle() { throttled_ = true; }
  void release() { throttled_ = false; }
  [[nodiscard]] bool throttled() const { return throttled_; }

  [[nodiscard]] int total() const { return static_cast<int>(children_.size()); }
  [[nodiscard]] int available() const { return available_; }
  // Nobody is there for the next client, but somebody may be forked.
  [[nodiscard]] bool should_listen() const {
    return !throttled_ && available_ == 0 && !at_limit(total());
  }
  // Nobody is there, and nobody can come.
  [[nodiscard]] bool exhausted() const {
    return !throttled_ && available_ == 0 && at_limit(total());
  }
  // The next process will be the last one that the limit permits.
  [[nodiscard]] bool next_is_the_last() const { return at_limit(total() + 1); }
  [[nodiscard]] bool has(pid_t pid) const { return children_.contains(pid); }
  [[nodiscard]] std::vector<pid_t> children() const;

 private:
  struct Child {
    unsigned generation;
    bool available;
    bool reported;
    int completed;
  };

  [[nodiscard]] bool at_limit(int count) const { return limit_ != 0 && count >= limit_; }

  std::unordered_map<pid_t, Child> children_;
  int available_ = 0;
  int limit_ = 0;
  bool throttled_ = false;
};

}  // namespace handoff::master
