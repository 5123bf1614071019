// dsn.h - what became of a recipient, or of a whole destination (RFC 3463, RFC 3464).
//
// An empty status code means "nothing to report".
#pragma once

#include <string>
#include <string_view>
#include <tuple>

#include "global/mail_proto.h"
#include "util/attr0.h"

namespace handoff::global {

struct Dsn {
  std::string status;     // "4.4.1"
  std::string diag_type;  // "smtp" when diag_text is the reply of a mail server, or empty
  std::string diag_text;
  std::string mta_type;  // "dns" when mta_name is a host name, or empty
  std::string mta_name;
  std::string action;  // action::k..., or empty
  std::string reason;  // for people, and for the log

  static constexpr auto kFields =
      std::tuple{util::attr0::Field{attr::kStatus, &Dsn::status},
                 util::attr0::Field{attr::kDiagnosticType, &Dsn::diag_type},
                 util::attr0::Field{attr::kDiagnosticText, &Dsn::diag_text},
                 util::attr0::Field{attr::kMtaType, &Dsn::mta_type},
                 util::attr0::Field{attr::kMtaName, &Dsn::mta_name},
                 util::attr0::Field{attr::kAction, &Dsn::action},
                 util::attr0::Field{attr::kReason, &Dsn::reason}};

  static Dsn simple(std::string_view status, std::string_view reason) {
    Dsn dsn;
    dsn.status = status;
    dsn.reason = reason;
    return dsn;
  }
  [[nodiscard]] bool empty() const { return status.empty(); }
  bool operator==(const Dsn&) const = default;
};

// The length of the status code D.S.N (RFC 3463, section 2: class 2, 4 or 5, then two numbers of
// up to three digits) at the beginning of `text`, up to a blank or the end; 0 when there is none.
std::size_t dsn_code_length(std::string_view text);
inline bool is_dsn_code(std::string_view text) {
  return !text.empty() && dsn_code_length(text) == text.size();
}

// `status` when it is a code of that class ('2', '4' or '5'); otherwise, and with a warning,
// "C.0.0": reporting must not fail because a text was malformed.
std::string checked_dsn_code(std::string_view status, char wanted_class);

// "5.7.1 text" as a status and a reason; without a leading code the status is `otherwise`.
Dsn split_dsn(std::string_view text, std::string_view otherwise);

}  // namespace handoff::global
