#include "smtpstone/folder_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "smtpstone/file_output.h"

namespace handoff::smtpstone {
namespace {

using util::Error;
using util::Result;
using util::Status;

std::string to_json(const Envelope& envelope) {
  const nlohmann::ordered_json json = {
      {"client", envelope.client}, {"protocol", envelope.protocol},     {"helo", envelope.helo},
      {"mail", envelope.mail},     {"recipients", envelope.recipients},
  };
  // What a client says need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

class FolderWriter final : public MessageWriter {
 public:
  FolderWriter(std::string stem, std::string envelope)
      : stem_(std::move(stem)), envelope_(std::move(envelope)), text_(stem_ + ".part", O_EXCL) {}
  ~FolderWriter() override {
    if (!committed_) (void)::unlink(text_.path().c_str());
  }

  [[nodiscard]] const Status& status() const { return text_.status(); }
  void append(std::string_view text) override { text_.append(text); }
  Status commit() override;

 private:
  std::string stem_;
  std::string envelope_;
  FileOutput text_;
  bool committed_ = false;
};

Status FolderWriter::commit() {
  if (Status written = text_.close(); !written) return written;
  FileOutput envelope(stem_ + ".json", O_EXCL);
  envelope.append(envelope_);
  if (Status written = envelope.close(); !written) return written;
  const std::string final_name = stem_ + ".eml";
  if (::rename(text_.path().c_str(), final_name.c_str()) != 0)
    return Error::system("rename to " + final_name, errno);
  committed_ = true;
  return {};
}

}  // namespace

FolderStore::FolderStore(std::string directory) : directory_(std::move(directory)) {}

Result<std::unique_ptr<MessageWriter>> FolderStore::begin(const Envelope& envelope) {
  const std::string stem = fmt::format("{}/{}-{:06}", directory_, ::getpid(), ++begun_);
  auto writer = std::make_unique<FolderWriter>(stem, to_json(envelope));
  if (!writer->status()) return writer->status().error();
  return std::unique_ptr<MessageWriter>(std::move(writer));
}

}  // namespace handoff::smtpstone
