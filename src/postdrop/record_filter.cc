#include "postdrop/record_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "global/mail_proto.h"
#include "global/queue_file.h"
#include "util/text.h"

namespace handoff::postdrop {

using global::Record;
using global::RecordType;
namespace attr = global::attr;

namespace {

constexpr std::string_view kEnvelopeTypes = "MFSRVAin";
constexpr std::string_view kTextTypes = "XLN";
constexpr std::string_view kExtractedTypes = "EARn";

constexpr std::array kAllowedAttributes{
    attr::kEnvelopeId, attr::kRetFlags,       attr::kNotifyFlags, attr::kDsnOriginalRecipient,
    attr::kCreateTime, attr::kRewriteContext, attr::kTraceFlags};

bool is_encoding(std::string_view value) {
  return value.empty() || value == global::encoding::k7Bit || value == global::encoding::k8Bit;
}

}  // namespace

bool RecordFilter::allowed_here(RecordType type) const {
  const std::string_view types = segment_ == Segment::Envelope ? kEnvelopeTypes
                                 : segment_ == Segment::Text   ? kTextTypes
                                                               : kExtractedTypes;
  return types.find(static_cast<char>(type)) != std::string_view::npos;
}

RecordFilter::Verdict RecordFilter::judge(const Record& record) {
  complaint_.clear();
  if (!allowed_here(record.type)) {
    complaint_ = fmt::format("unexpected record type: {}", static_cast<int>(record.type));
    return Verdict::Refuse;
  }
  switch (record.type) {
    case RecordType::Message:
      segment_ = Segment::Text;
      return Verdict::Pass;
    case RecordType::Extracted:
      segment_ = Segment::Extracted;
      return Verdict::Pass;
    case RecordType::End:
      return Verdict::End;
    case RecordType::Sender:
      has_sender_ = true;
      return Verdict::Pass;
    case RecordType::Recipient:
      has_recipient_ = true;
      return Verdict::Pass;
    case RecordType::Attribute:
      return judge_attribute(record);
    default:
      return Verdict::Pass;
  }
}

RecordFilter::Verdict RecordFilter::judge_attribute(const Record& record) {
  const auto attribute = global::split_attribute(record.data);
  const std::string shown = util::printable(record.data.substr(0, 200));
  if (!attribute) {
    complaint_ = "ignoring malformed record: missing '=' after attribute name: " + shown;
    return Verdict::Drop;
  }
  if (std::ranges::find(kAllowedAttributes, attribute->name) != kAllowedAttributes.end() ||
      (attribute->name == attr::kEncoding && is_encoding(attribute->value)))
    return Verdict::Pass;
  complaint_ = "ignoring attribute record: " + shown;
  return Verdict::Drop;
}

}  // namespace handoff::postdrop
