// service_manager.h - tells whoever supervises us how we are: the protocol of sd_notify(3).
//
// The datagram socket is named in the environment; without it nobody wants to know. The protocol
// is a few lines of NAME=value, which systemd promises to keep; its library would bring libgcrypt,
// liblzma, libzstd and liblz4 into each process for it.
#pragma once

#include <string>
#include <string_view>

#include "util/unique_fd.h"

namespace handoff::util {

class ServiceManager {
 public:
  static constexpr const char* kVariable = "NOTIFY_SOCKET";

  ServiceManager() = default;
  // A socket that cannot be connected is a warning, and nobody is told anything.
  static ServiceManager from_environment();

  // `status` is for people; it is cut at the first line end.
  void ready(std::string_view status);
  void reloading();  // ready() comes next
  void stopping(std::string_view status);

 private:
  void tell(const std::string& lines);

  UniqueFd socket_;
};

}  // namespace handoff::util
