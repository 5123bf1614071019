// address_rewriter.h - addresses in full, as trivial-rewrite(8) completes them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "global/rewrite_client.h"
#include "util/result.h"

namespace handoff::cleanup {

class AddressRewriter {
 public:
  // `client` must outlive this.
  explicit AddressRewriter(global::RewriteClient& client) : client_(client) {}

  // In external form, as in headers: asks once for each address of a message. `context` is
  // rewrite_context::kLocal or kRemote. Error when nobody answers; then every later call fails,
  // too.
  util::Result<std::string> external(std::string_view context, std::string_view address);
  // In internal form, as in envelopes.
  util::Result<std::string> internal(std::string_view address);

 private:
  global::RewriteClient& client_;
  std::map<std::pair<std::string, std::string>, std::string> known_;  // by context and address
};

}  // namespace handoff::cleanup
