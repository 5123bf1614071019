// maildrop.h - the directory that local mail is dropped into.
#pragma once

#include <sys/stat.h>

#include <string>

#include "global/mail_queue.h"
#include "global/params.h"

namespace handoff::pickup {

class Maildrop {
 public:
  // `params` must outlive this.
  explicit Maildrop(const global::Params& params);

  // Takes over what is there, until nothing new is found. Mail that arrives meanwhile is seen, too.
  void scan();

 private:
  // True: the file is gone.
  bool take_over(const std::string& id, const struct stat& attributes);

  const global::Params& params_;
  global::MailQueue queues_;
};

}  // namespace handoff::pickup
