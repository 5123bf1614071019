// pass_fd.h - hand an open descriptor to another process (SCM_RIGHTS).
//
// Each transfer is one NUL byte with exactly one descriptor attached, on an AF_UNIX stream socket
// (spec/ipc.md 7); or one packet, with a descriptor or without, on an AF_UNIX sequenced-packet
// socket, where nobody can stop half-way. An ordinary read() on such a socket swallows the byte,
// and the kernel then closes the descriptor without a word: everything here reads with recvmsg.
//
// The control buffer that holds one descriptor holds two on 64-bit machines; what nobody asked
// for is closed.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::util {

// The most that the kernel takes with one message.
inline constexpr std::size_t kFdsAtOnce = 253;
// Copies of up to kFdsAtOnce descriptors, at one NUL byte. Never waits, as send_fd().
Status send_fds(int socket, std::span<const int> fds);

// Sends a copy of `fd`; the caller keeps its own. Never waits: System/EAGAIN when there is no room.
Status send_fd(int socket, int fd);

// One packet, whole, with a copy of `fd` unless that is -1. Never waits: System/EAGAIN when there
// is no room; System/EMSGSIZE when there will never be.
Status send_packet(int socket, std::string_view bytes, int fd);
// Waits as long as the socket's own limit allows (SO_SNDTIMEO), then System/EAGAIN.
Status send_packet_patiently(int socket, std::string_view bytes, int fd);

// What one recvmsg gave: `bytes` of data (0: end-of-file) and the descriptors that came attached
// to the last of them, close-on-exec.
struct Received {
  std::size_t bytes = 0;
  std::vector<UniqueFd> descriptors;
  bool truncated = false;  // some descriptors were lost: too many, or this process has no room
  bool cut = false;        // the packet was longer than the buffer: the rest is lost
};

// Never waits: System/EAGAIN when there is nothing to read.
Result<Received> receive(int socket, std::span<char> buffer);
// The same with room for kFdsAtOnce descriptors.
Result<Received> receive_many(int socket, std::span<char> buffer);
// Waits as long as the socket's own limit allows (SO_RCVTIMEO), then System/EAGAIN. One system
// call where try-and-poll takes three: for clients that know that they have to wait.
Result<Received> receive_patiently(int socket, std::span<char> buffer);

// One data byte and its descriptor. Never waits. Protocol when the byte came with no descriptor,
// or with several (all are closed); Closed at end-of-file.
Result<UniqueFd> receive_fd(int socket);

// The descriptor of a transfer whose data byte has just been read by receive(); errors as above.
Result<UniqueFd> exactly_one(Received received);

}  // namespace handoff::util
