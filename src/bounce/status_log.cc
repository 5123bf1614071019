#include "bounce/status_log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "global/address_quote.h"
#include "util/text.h"
#include "util/unique_fd.h"

namespace handoff::bounce {

using util::Error;
using util::Result;
using util::Status;
using util::UniqueFd;

namespace {

class RecordText {
 public:
  explicit RecordText(LogFormat format) : format_(format) {}

  [[nodiscard]] std::string clean(std::string_view text) const {
    return format_.utf8 ? util::printable_utf8(text) : util::printable(text);
  }
  // In external form; cleaned first, so that what was unprintable needs no quotes.
  [[nodiscard]] std::string address(std::string_view internal) const {
    return internal.empty() ? std::string() : global::quote_address(clean(internal));
  }
  void line(std::string_view name, std::string_view value) {
    text_.append(name).append("=").append(clean(value)).append("\n");
  }
  void line_if_set(std::string_view name, std::string_view value) {
    if (!value.empty()) line(name, value);
  }
  // Neither makes sense without the other.
  void pair(std::string_view type_name, std::string_view type, std::string_view name,
            std::string_view value) {
    if (type.empty() || value.empty()) return;
    line(type_name, type);
    line(name, value);
  }
  std::string& text() { return text_; }

 private:
  LogFormat format_;
  std::string text_;
};

Status lock(int fd, LockPatience patience) {
  for (int attempt = 1;; ++attempt) {
    const auto locked = global::try_lock(fd);
    if (!locked) return locked.error();
    if (*locked) return {};
    if (attempt >= patience.attempts) return Error::timeout("lock: somebody else has it");
    std::this_thread::sleep_for(patience.delay);
  }
}

// The log may have been removed, with its message, before we had the lock.
Result<bool> still_there(int fd) {
  struct stat attributes {};
  if (fstat(fd, &attributes) < 0) return Error::system("fstat", errno);
  return attributes.st_nlink > 0;
}

Status write_whole(int fd, std::string_view text) {
  const off_t before = lseek(fd, 0, SEEK_END);
  if (before < 0) return Error::system("lseek", errno);
  Status written;
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      written = Error::system("write", errno);
      break;
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (written && fsync(fd) < 0) written = Error::system("fsync", errno);
  if (!written && ftruncate(fd, before) < 0)
    return Error::system("undo an incomplete write", errno);
  return written;
}

}  // namespace

std::string format_record(const global::Recipient& recipient, const global::Dsn& dsn,
                          LogFormat format) {
  namespace attr = global::attr;
  RecordText record(format);
  const std::string address = record.address(recipient.address);
  record.text() = "\n";
  if (format.old_style_line)
    record.text().append("<" + address + ">: " + record.clean(dsn.reason) + "\n");
  record.line(attr::kRecipient, address.empty() ? "<>" : address);
  if (!util::equal_ignoring_case(recipient.original, recipient.address))
    record.line_if_set(attr::kOriginalRecipient, record.address(recipient.original));
  if (recipient.offset > 0) record.line(attr::kOffset, std::to_string(recipient.offset));
  record.line_if_set(attr::kDsnOriginalRecipient, recipient.dsn_original);
  if (recipient.notify != 0) record.line(attr::kNotifyFlags, std::to_string(recipient.notify));
  record.line_if_set(attr::kStatus, dsn.status);
  record.line_if_set(attr::kAction, dsn.action);
  record.pair(attr::kDiagnosticType, dsn.diag_type, attr::kDiagnosticText, dsn.diag_text);
  record.pair(attr::kMtaType, dsn.mta_type, attr::kMtaName, dsn.mta_name);
  record.line_if_set(attr::kReason, dsn.reason);
  record.text() += "\n";
  return std::move(record.text());
}

Status append_to_log(const global::MailQueue& queue, std::string_view log,
                     std::string_view queue_id, std::string_view record, LockPatience patience) {
  for (;;) {
    auto fd = queue.open_log(log, queue_id);
    if (!fd) return std::move(fd).error();
    if (Status locked = lock(fd->get(), patience); !locked) return locked;
    const auto there = still_there(fd->get());
    if (!there) return there.error();
    if (*there) return write_whole(fd->get(), record);
  }
}

}  // namespace handoff::bounce
