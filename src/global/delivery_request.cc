#include "global/delivery_request.h"

#include <utility>

namespace handoff::global {

namespace attr0 = util::attr0;

namespace {

// More than any queue manager sends in one request; a peer that is out of step does not make us
// wait for billions of lists.
constexpr int kMaxRecipients = 1'000'000;

util::Result<DeliveryRequest> decode_common(std::string_view list, const std::string& peer,
                                            int& recipient_count) {
  attr0::ListReader reader(list, peer);
  DeliveryRequest request;
  if (!attr0::read_fields(reader, request) || !reader.read(attr::kRecipientCount, recipient_count))
    return util::Error::protocol(peer + ": malformed delivery request");
  reader.finish();
  if (recipient_count < 1 || recipient_count > kMaxRecipients)
    return util::Error::protocol(peer + ": bad number of recipients in a delivery request");
  return request;
}

}  // namespace

std::string encode_request(const DeliveryRequest& request) {
  std::string bytes;
  attr0::put_fields(bytes, request);
  attr0::put(bytes, attr::kRecipientCount, attr0::to_text(request.recipients.size()));
  attr0::end_list(bytes);
  for (const Recipient& recipient : request.recipients) {
    attr0::put_fields(bytes, recipient);
    attr0::end_list(bytes);
  }
  return bytes;
}

util::Result<DeliveryRequest> receive_request(util::Stream& stream) {
  auto list = attr0::receive_list(stream);
  if (!list) return std::move(list).error();
  int recipient_count = 0;
  auto request = decode_common(*list, stream.name(), recipient_count);
  if (!request) return request;
  for (int i = 0; i < recipient_count; ++i) {
    auto recipient = attr0::receive<Recipient>(stream);
    if (!recipient)
      return util::Error::protocol(stream.name() + ": malformed recipient in a delivery request");
    request->recipients.push_back(*std::move(recipient));
  }
  return request;
}

}  // namespace handoff::global
