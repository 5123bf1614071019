#include "cleanup/address_rewriter.h"

#include "global/address_quote.h"
#include "global/mail_proto.h"

namespace handoff::cleanup {

util::Result<std::string> AddressRewriter::external(std::string_view context,
                                                    std::string_view address) {
  constexpr std::size_t kRemembered = 1000;
  std::pair question{std::string(context), std::string(address)};
  if (const auto known = known_.find(question); known != known_.end()) return known->second;
  auto rewritten = client_.rewrite(context, address);
  if (rewritten && known_.size() < kRemembered) known_.emplace(std::move(question), *rewritten);
  return rewritten;
}

util::Result<std::string> AddressRewriter::internal(std::string_view address) {
  auto rewritten = external(global::rewrite_context::kLocal, global::quote_address(address));
  if (!rewritten) return rewritten;
  return global::unquote_address(*rewritten);
}

}  // namespace handoff::cleanup
