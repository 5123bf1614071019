// accepting.h - what a server does when a client cannot be accepted.
#pragma once

#include <cerrno>
#include <chrono>

namespace handoff::service {

// A client that waits keeps the listener readable: without a pause the server would spin.
inline constexpr std::chrono::seconds kPauseWithoutDescriptors{1};

// There is no room for another client, here or in the whole system; that changes.
inline bool out_of_descriptors(int code) {
  return code == EMFILE || code == ENFILE || code == ENOMEM;
}

}  // namespace handoff::service
