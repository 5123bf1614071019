// master_cf.h - what master.cf says, entry by entry (spec/master.md 1.2).
//
// Reading touches nothing but the text: names of hosts and ports are looked at in endpoint.h. A
// mistake is logged as a warning that names file and line and what is allowed; the error that
// comes back has the text that administrators know.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace handoff::master {

enum class ServiceType { Inet, Unix, UnixDatagram, Fifo, Pass };

std::string_view name_of(ServiceType type);

struct Entry {
  int line = 0;
  std::string name;  // as written: "smtp", "127.0.0.1:25"
  ServiceType type = ServiceType::Unix;
  bool is_private = true;
  bool unprivileged = true;
  bool chroot = false;
  std::chrono::seconds wakeup{0};  // 0: never
  bool wakeup_only_if_used = false;
  int process_limit = 0;  // 0: none
  std::string command{};
  std::vector<std::string> arguments{};

  bool operator==(const Entry&) const = default;
};

// What of main.cf matters here.
struct EntryDefaults {
  int process_limit = 100;
  bool chroot = false;                  // compatibility_level < 1: jail what does not say otherwise
  std::vector<std::string> disabled{};  // master_service_disable, see is_disabled()
};

// In the order of the file. `file` is named in messages.
util::Result<std::vector<Entry>> parse_master_cf(std::string_view text, const std::string& file,
                                                 const EntryDefaults& defaults);

// Items are "type" or "name/type" (or, as in the old days, "name.type"); "!" negates, the first
// match counts, letter case does not.
bool is_disabled(std::string_view name, std::string_view type,
                 const std::vector<std::string>& items);

}  // namespace handoff::master
