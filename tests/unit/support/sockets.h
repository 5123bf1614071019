// sockets.h - connected pairs to talk over, without a network.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "util/unique_fd.h"

namespace handoff::test {

// Two ends of a UNIX-domain stream.
std::pair<util::UniqueFd, util::UniqueFd> socket_pair();
// The same for packets (SOCK_SEQPACKET).
std::pair<util::UniqueFd, util::UniqueFd> packet_pair();
// Two ends of a pipe, the one to read from first.
std::pair<util::UniqueFd, util::UniqueFd> pipe_pair();

// Has the other end closed (and was everything read that it sent)? Does not wait.
bool sees_eof(const util::UniqueFd& socket);

// All of it, at once; the buffers of a fresh socket take what tests send.
void send_text(const util::UniqueFd& socket, const std::string& text);
// What a rude peer can do and util::send_fd() never does: any bytes, any number of descriptors.
void send_descriptors(const util::UniqueFd& socket, std::string bytes,
                      const std::vector<int>& descriptors);
// Whatever is there right now.
std::string received_text(const util::UniqueFd& socket);

}  // namespace handoff::test
