#include "cleanup/address_rewriter.h"

#include "global/address_quote.h"
#include "global/mail_proto.h"

namespace handoff::cleanup {

util::Result<std::string> AddressRewriter::external(std::string_view address) {
  constexpr std::size_t kRemembered = 1000;
  if (const auto known = known_.find(address); known != known_.end()) return known->second;
  auto rewritten = client_.rewrite(global::rewrite_context::kLocal, address);
  if (rewritten && known_.size() < kRemembered) known_.emplace(address, *rewritten);
  return rewritten;
}

util::Result<std::string> AddressRewriter::internal(std::string_view address) {
  auto rewritten = external(global::quote_address(address));
  if (!rewritten) return rewritten;
  return global::unquote_address(*rewritten);
}

}  // namespace handoff::cleanup
