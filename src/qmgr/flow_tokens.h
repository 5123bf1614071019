// flow_tokens.h - keeps mail from coming in faster than it can be taken out of the incoming queue.
//
// master(8) gives all its daemons the two ends of a pipe; each byte in it is a token. cleanup(8)
// takes one for each message, or waits a second where there is none; we put one back for each
// message that we take from the incoming queue, and keep their number at the process limit.
#pragma once

namespace handoff::qmgr {

class FlowTokens {
 public:
  // Does nothing where the descriptors are no pipe, or `limit` is 0.
  FlowTokens(int read_fd, int write_fd, int limit);

  // After each pass: was a message taken from incoming, and is there a walk through it?
  void balance(bool took_incoming, bool scanning_incoming);

 private:
  void put(int count);
  void take(int count);

  int read_fd_;
  int write_fd_;
  int limit_;
};

}  // namespace handoff::qmgr
