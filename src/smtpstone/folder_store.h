// folder_store.h - each message as it was sent, byte for byte, in a folder (--store).
//
// A message is NAME.eml, its envelope NAME.json. The .eml appears last and whole, by a rename: who
// sees it sees all of both.
#pragma once

#include <cstdint>
#include <string>

#include "smtpstone/message_store.h"

namespace handoff::smtpstone {

class FolderStore final : public MessageStore {
 public:
  explicit FolderStore(std::string directory);
  util::Result<std::unique_ptr<MessageWriter>> begin(const Envelope& envelope) override;

 private:
  std::string directory_;
  std::uint64_t begun_ = 0;
};

}  // namespace handoff::smtpstone
