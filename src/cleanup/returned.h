// returned.h - mail that cannot be accepted, although its records are in order, goes back.
//
// Clients that cannot tell anybody themselves (pickup) ask for it with cleanup_flag::kBounce.
#pragma once

#include "cleanup/message.h"

namespace handoff::cleanup {

// Can be returned, and its client wants it to be.
bool should_return(const Message& message);

// Reports all recipients as undeliverable and has the sender told. False: it could not be done, so
// the client must keep the message. What has been put must have been written out.
bool return_to_sender(Message& message);

}  // namespace handoff::cleanup
