#include "smtp/message_text.h"

#include "util/msg.h"

namespace handoff::smtp {

namespace {
constexpr std::size_t kChunk = 32 * 1024;
}  // namespace

MessageText::MessageText(const global::DeliveryJob& job, const global::Params& params, bool to_7bit,
                         bool late_dot)
    : job_(job),
      params_(params),
      late_dot_(late_dot),
      reader_(job.queue_file.get(), job.path, job.request.data_offset),
      encoder_(static_cast<std::size_t>(std::max(0, params.smtp_line_length_limit))) {
  if (to_7bit) to_7bit_.emplace(encoder_);
}

util::Result<std::string_view> MessageText::next() {
  chunk_.clear();
  while (!finished_ && chunk_.size() < kChunk) {
    auto piece = reader_.next();
    if (!piece) {
      msg::warn("{}: {}", job_.request.queue_id, piece.error().what);
      return std::move(piece).error();
    }
    if (*piece && to_7bit_) {
      to_7bit_->add((*piece)->text, (*piece)->ends_line, chunk_);
    } else if (*piece) {
      encoder_.add((*piece)->text, (*piece)->ends_line, chunk_);
    } else {
      if (to_7bit_) to_7bit_->finish(chunk_);
      encoder_.finish(chunk_);
      finished_ = true;
    }
  }
  if (encoder_.has_folded() && !std::exchange(folding_noted_, true))
    msg::info("{}: breaking line > {} bytes with <CR><LF>SPACE", job_.request.queue_id,
              params_.smtp_line_length_limit);
  return std::string_view(chunk_);
}

// A message that has not been queued for long has not met the firewall yet.
std::chrono::seconds MessageText::pause_before_dot() const {
  const auto age = global::TimeStamp::now().seconds - job_.request.stats.incoming_arrival.seconds;
  if (!late_dot_ || age <= params_.smtp_pix_workaround_threshold_time.count())
    return std::chrono::seconds(0);
  return params_.smtp_pix_workaround_delay_time;
}

}  // namespace handoff::smtp
