// message.h - the message that is being received: its queue file, and what is known about it.
//
// One error makes the file worthless; what comes after it is read and dropped. The first one
// is logged where it is noticed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cleanup/address_rewriter.h"
#include "global/mail_queue.h"
#include "global/params.h"
#include "global/queue_file.h"
#include "global/record_writer.h"

namespace handoff::cleanup {

class Message {
 public:
  // All must outlive this.
  Message(global::NewQueueFile file, const global::Params& params, AddressRewriter& rewriter);

  [[nodiscard]] const std::string& queue_id() const { return file_.id(); }
  [[nodiscard]] const std::string& path() const { return file_.path(); }
  [[nodiscard]] int fd() const { return file_.fd(); }
  [[nodiscard]] const global::Params& params() const { return params_; }
  [[nodiscard]] AddressRewriter& rewriter() { return rewriter_; }
  // When the file was made; short names are in need of it, to be unique for ever.
  [[nodiscard]] const global::TimeStamp& created() const { return file_.created(); }

  void put(global::RecordType type, std::string_view data = {});
  void put_attribute(std::string_view name, std::string_view value);
  // A line of text, or (type Piece) the beginning of one.
  void put_text(global::RecordType type, std::string_view text);
  [[nodiscard]] std::int64_t position() const { return writer_.position(); }

  // "message rejected: TEXT", cleanup_status::kBadInput; also when there was an error before.
  void reject(std::string_view text);
  void fail(int status) { status_ |= status; }
  [[nodiscard]] bool is_discarded() const { return (flags & global::cleanup_flag::kDiscard) != 0; }
  [[nodiscard]] int status() const { return status_; }
  // Worth going on. A message with too many hops that is to be returned is, for its recipients.
  [[nodiscard]] bool sound() const;
  // What could not be rewritten because nobody answers.
  void rewriting_failed(const util::Error& error);

  // Everything has been put: into `queue` with it, complete, durable and ready.
  void commit(const global::MailQueue& queues, std::string_view queue);
  // What has been put is in the file, but it is not ready; for whoever wants to read it.
  void write_out();
  void discard() { file_.discard(); }

  // --- What the parts of the message tell each other.
  int flags = 0;  // mask cleanup_flag::k..., by the client and by records
  global::SizeRecord size;
  global::TimeStamp arrival;
  std::string sender;  // rewritten, internal form
  bool has_sender = false;
  std::string full_name;
  std::string encoding;
  bool is_local = true;  // the rewriting context
  std::string envelope_id;
  int ret_flags = 0;

 private:
  global::NewQueueFile file_;
  const global::Params& params_;
  AddressRewriter& rewriter_;
  global::RecordWriter writer_;
  int status_ = 0;
};

}  // namespace handoff::cleanup
