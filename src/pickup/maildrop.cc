#include "pickup/maildrop.h"

#include <fcntl.h>

#include <cerrno>

#include "global/mail_proto.h"
#include "pickup/transfer.h"
#include "util/msg.h"

namespace handoff::pickup {

namespace queue_name = global::queue_name;

Maildrop::Maildrop(const global::Params& params)
    : params_(params), queues_(global::MailQueue::Settings::from(params)) {}

void Maildrop::scan() {
  // A directory that changes while it is being read may hide new names: read it until it is quiet.
  for (bool found = true; found;) {
    found = false;
    global::QueueScan names(queue_name::kMaildrop, global::QueueScan::Depth::Flat);
    for (;;) {
      const auto id = names.next();
      if (!id) {
        msg::warn("{}", id.error().what);
        return;
      }
      if (!*id) break;
      const auto attributes = queues_.attributes(queue_name::kMaildrop, **id);
      if (attributes && global::is_ready(*attributes)) found |= take_over(**id, *attributes);
    }
  }
}

bool Maildrop::take_over(const std::string& id, const struct stat& attributes) {
  const auto file = queues_.open(queue_name::kMaildrop, id, O_RDONLY);
  if (!file) {
    if (file.error().code != ENOENT)
      msg::warn("open input file {}: cannot open file: {}", queues_.path(queue_name::kMaildrop, id),
                util::errno_text(file.error().code));
    return false;
  }
  // A message that could not be transferred is not lost: it stays where it is.
  const Input input{file->get(), queues_.path(queue_name::kMaildrop, id), attributes.st_uid,
                    attributes.st_mtime};
  if (transfer(input, params_) == Outcome::Keep) return false;
  if (const auto removed = queues_.remove(queue_name::kMaildrop, id); !removed) {
    msg::warn("{}", removed.error().what);
    return false;
  }
  return true;
}

}  // namespace handoff::pickup
