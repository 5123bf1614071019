#include "smtpstone/dump_store.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "smtpstone/file_output.h"

namespace handoff::smtpstone {
namespace {

using util::Error;
using util::Result;
using util::Status;

std::string time_text(const std::string& format, std::time_t now) {
  std::tm broken_down{};
  ::localtime_r(&now, &broken_down);
  std::array<char, 4096> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), format.c_str(), &broken_down);
  return {text.data(), size};
}

// Holds the text in memory, so that messages in one file do not mix and broken ones leave nothing.
class DumpWriter final : public MessageWriter {
 public:
  DumpWriter(std::string path, bool append_to_file, std::string headers)
      : path_(std::move(path)), append_to_file_(append_to_file), text_(std::move(headers)) {}

  void append(std::string_view text) override;
  Status commit() override;

 private:
  std::string path_;
  bool append_to_file_;
  std::string text_;
};

void DumpWriter::append(std::string_view text) {
  for (const char c : text) {
    if (c == '\n' && text_.ends_with('\r')) text_.pop_back();
    text_ += c;
  }
}

Status DumpWriter::commit() {
  const std::filesystem::path directory = std::filesystem::path(path_).parent_path();
  std::error_code ignored;  // open() tells it better
  if (!directory.empty()) std::filesystem::create_directories(directory, ignored);
  FileOutput file(path_, append_to_file_ ? O_APPEND : O_EXCL);
  file.append(text_);
  file.append("\n");
  return file.close();
}

}  // namespace

std::string dump_headers(const Envelope& envelope, const DumpFormat& format, std::string_view id,
                         std::time_t now) {
  const bool ipv6 = envelope.client.find(':') != std::string::npos;
  const std::string& protocol = envelope.protocol.empty() ? "SMTP" : envelope.protocol;
  std::string text = format.start;
  text += fmt::format("X-Client-Addr: {}{}\n", ipv6 ? "ipv6:" : "", envelope.client);
  text += fmt::format("X-Client-Proto: {}\n", protocol);
  if (!envelope.helo.empty()) text += fmt::format("X-Helo-Args: {}\n", envelope.helo);
  text += fmt::format("X-Mail-Args: {}\n", envelope.mail);
  for (const std::string& recipient : envelope.recipients)
    text += fmt::format("X-Rcpt-Args: {}\n", recipient);
  text += fmt::format("Received: from {} ([{}])\n\tby {} (smtp-sink) with {} id {};\n\t{}\n",
                      envelope.helo.empty() ? envelope.client : envelope.helo, envelope.client,
                      format.host, protocol, id, time_text("%a, %d %b %Y %H:%M:%S %z (%Z)", now));
  return text;
}

DumpStore::DumpStore(DumpFormat format)
    : format_(std::move(format)), random_(std::random_device{}()) {}

Result<std::unique_ptr<MessageWriter>> DumpStore::begin(const Envelope& envelope) {
  const std::time_t now = std::time(nullptr);
  const std::string id = fmt::format("{:08x}", random_());
  std::string path = time_text(format_.file_template, now);
  if (path.empty()) return Error::syntax("dump template makes no file name");
  if (!format_.one_file) path += id;
  return std::unique_ptr<MessageWriter>(std::make_unique<DumpWriter>(
      std::move(path), format_.one_file, dump_headers(envelope, format_, id, now)));
}

}  // namespace handoff::smtpstone
