// message_text.h - the text of a queued message, in the form in which it is sent.
#pragma once

#include <optional>
#include <string>

#include "global/delivery_agent.h"
#include "global/params.h"
#include "global/queue_file.h"
#include "smtp/conversation.h"
#include "smtp/mime_downgrade.h"
#include "smtp/text_encoder.h"

namespace handoff::smtp {

class MessageText final : public BodySource {
 public:
  // The job and the parameters must outlive this.
  MessageText(const global::DeliveryJob& job, const global::Params& params, bool to_7bit,
              bool late_dot);

  util::Result<std::string_view> next() override;
  [[nodiscard]] std::chrono::seconds pause_before_dot() const override;

 private:
  const global::DeliveryJob& job_;
  const global::Params& params_;
  bool late_dot_;
  global::TextReader reader_;
  TextEncoder encoder_;
  std::optional<MimeDowngrade> to_7bit_;
  std::string chunk_;
  bool finished_ = false;
  bool folding_noted_ = false;
};

}  // namespace handoff::smtp
