// NAME
//   pickup - bring local mail into the mail system
// SYNOPSIS
//   pickup [generic daemon options]
// DESCRIPTION
//   The pickup daemon waits for hints that new mail has been put into the maildrop directory, and
//   feeds it into cleanup(8). A file is removed when cleanup has taken the message over, and when
//   it can never become one. Mail that cannot be taken over now stays, and is tried again at the
//   next hint or wake-up.
//
//   Each message gets a Received: header that names the user who submitted it.
// SECURITY
//   pickup does not trust what it finds: other users can put files into the directory. It opens
//   nothing but complete plain files, and only reads them.
// DIAGNOSTICS
//   Problems are logged to syslogd(8) or postlogd(8).
// CONFIGURATION PARAMETERS
//   Changes to main.cf take effect with "postfix reload".
//
//   @parameters except enable_long_queue_ids
// SEE ALSO
//   postdrop(1), sendmail(1), cleanup(8), master(8)

#include <memory>
#include <string_view>

#include "global/mail_proto.h"
#include "pickup/maildrop.h"
#include "service/programs.h"
#include "service/trigger_server.h"

namespace handoff::pickup {
namespace {

// Reacts to every trigger alike: there is only one thing to do.
class Pickup : public service::TriggerService {
 public:
  explicit Pickup(const service::TriggerServer& server) : maildrop_(server.params()) {}

  void on_trigger(std::string_view) override { maildrop_.scan(); }

 private:
  Maildrop maildrop_;
};

}  // namespace
}  // namespace handoff::pickup

int main(int argc, char** argv) {
  using namespace handoff;
  const auto make = [](service::TriggerServer& server) {
    return std::make_unique<pickup::Pickup>(server);
  };
  return service::run_trigger_server(argc, argv, service::kPickup.needs, make);
}
