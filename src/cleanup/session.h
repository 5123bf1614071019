// session.h - receives one message from one client.
#pragma once

#include <memory>

#include "cleanup/address_rewriter.h"
#include "cleanup/envelope.h"
#include "cleanup/message.h"
#include "cleanup/text.h"
#include "global/mail_queue.h"
#include "global/params.h"
#include "global/record.h"
#include "util/stream.h"

namespace handoff::cleanup {

class Session {
 public:
  // Everything must outlive this.
  Session(util::Stream& client, Message& message);

  // False when there is nobody to answer to, because the client has gone or does not speak our
  // language.
  void receive();

 private:
  enum class Stage { Envelope, Text, Extracted, Done };

  bool receive_flags();
  void take(const global::Record& record);
  void finish();

  util::Stream& client_;
  Message& message_;
  Envelope envelope_;
  Text text_;
  Stage stage_ = Stage::Envelope;
};

}  // namespace handoff::cleanup
