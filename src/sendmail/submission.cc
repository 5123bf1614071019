#include "sendmail/submission.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "global/address_quote.h"
#include "global/cleanup_status.h"
#include "global/header_address.h"
#include "global/mail_proto.h"
#include "global/record.h"
#include "sendmail/fail.h"
#include "sendmail/header_recipients.h"
#include "sendmail/input.h"
#include "sendmail/postdrop_process.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::sendmail {

using global::RecordType;
namespace attr = global::attr;

namespace {

struct User {
  std::string login;
  std::string full_name;
};

// The first field of the GECOS text, where "&" stands for the login name.
std::string full_name_of(const passwd& entry) {
  std::string name;
  for (const char c : std::string_view(entry.pw_gecos == nullptr ? "" : entry.pw_gecos)) {
    if (c == ',') break;
    if (c != '&') {
      name += c;
      continue;
    }
    std::string login = entry.pw_name;
    if (!login.empty() && login[0] >= 'a' && login[0] <= 'z')
      login[0] = static_cast<char>(login[0] - 'a' + 'A');
    name += login;
  }
  return name;
}

User current_user() {
  const passwd* entry = getpwuid(getuid());
  if (entry == nullptr)
    fail_with(EX_OSERR, fmt::format("unable to find login name for user ID {}", getuid()));
  User user{entry->pw_name, full_name_of(*entry)};
  if (const char* name = std::getenv("NAME")) user.full_name = name;
  return user;
}

// As an address list: programs give several recipients in one argument.
std::vector<std::string> addresses_in(std::string_view argument) {
  std::vector<std::string> result;
  for (const std::string& address : global::HeaderAddresses::parse(argument).addresses())
    result.push_back(global::unquote_address(address));
  return result;
}

class Submission {
 public:
  Submission(const Options& options, const global::Params& params)
      : options_(options), params_(params), user_(current_user()) {
    sender_ = options.has_sender ? given_sender() : user_.login;
  }

  int run() {
    if (options_.recipients.empty() && !options_.extract_recipients)
      die(EX_TEMPFAIL,
          "Recipient addresses must be specified on the command line or via the -t option");
    auto postdrop = PostdropProcess::start(params_, options_.verbose);
    if (!postdrop) die(EX_TEMPFAIL, postdrop.error().what);
    send(*postdrop);
    const global::SubmissionReply reply = postdrop->finish();
    if (reply.status != global::cleanup_status::kOk) refused(reply);
    if (wants_report())
      fmt::print("Mail Delivery Status Report will be mailed to <{}>.\n", sender_);
    return EX_OK;
  }

 private:
  [[nodiscard]] bool wants_report() const { return options_.verbose == 1; }

  [[noreturn]] void die(int status, std::string_view text) const {
    fail_with(status, fmt::format("{}({}): {}", user_.login, getuid(), text));
  }

  [[noreturn]] void refused(const global::SubmissionReply& reply) const {
    die(EX_TEMPFAIL, reply.reason.empty() ? global::cleanup_status_text(reply.status)
                                          : std::string_view(reply.reason));
  }

  std::string given_sender() const {
    const std::vector<std::string> addresses = addresses_in(options_.sender);
    if (addresses.size() > 1)
      msg::warn("-f option specified malformed sender: {}", util::printable(options_.sender));
    return addresses.empty() ? std::string() : addresses[0];
  }

  void send(PostdropProcess& postdrop) {
    std::string records;
    append_envelope(records);
    postdrop.write(records);

    HeaderRecipients in_header;
    const bool complete = read_text(STDIN_FILENO, options_.ignore_dots,
                                    static_cast<std::size_t>(params_.line_length_limit),
                                    [&](RecordType type, std::string_view text) {
                                      if (options_.extract_recipients) in_header.take(type, text);
                                      records.clear();
                                      global::append_record(records, type, text);
                                      postdrop.write(records);
                                    });
    if (!complete) die(EX_DATAERR, fmt::format("error reading input: {}", util::errno_text(errno)));

    records.clear();
    global::append_record(records, RecordType::Extracted);
    if (options_.extract_recipients) {
      for (const std::string& recipient : in_header.finish()) append_recipient(records, recipient);
      if (recipient_count_ == 0) die(EX_TEMPFAIL, "No recipient addresses found in message header");
    }
    global::append_record(records, RecordType::End);
    postdrop.write(records);
  }

  void append_envelope(std::string& records) {
    if (!options_.envelope_id.empty())
      global::append_attribute(records, attr::kEnvelopeId, options_.envelope_id);
    if (options_.ret != 0)
      global::append_attribute(records, attr::kRetFlags, std::to_string(options_.ret));
    global::append_attribute(
        records, attr::kRewriteContext,
        options_.gateway ? global::rewrite_context::kRemote : global::rewrite_context::kLocal);
    const std::string& name = options_.full_name.empty() ? user_.full_name : options_.full_name;
    if (!name.empty()) global::append_record(records, RecordType::FullName, name);
    global::append_record(records, RecordType::Sender, sender_);
    if (!options_.encoding.empty())
      global::append_attribute(records, attr::kEncoding, options_.encoding);
    if (wants_report())
      global::append_attribute(records, attr::kTraceFlags,
                               std::to_string(global::request_flag::kRecord));
    if (!options_.verp_delimiters.empty())
      global::append_record(records, RecordType::Verp,
                            options_.verp_delimiters == Options::kDefaultVerp
                                ? params_.default_verp_delimiters
                                : options_.verp_delimiters);
    for (const std::string& argument : options_.recipients) {
      const std::vector<std::string> addresses = addresses_in(argument);
      if (addresses.empty()) append_recipient(records, {});  // cleanup knows who gets it
      for (const std::string& address : addresses) append_recipient(records, address);
    }
    global::append_record(records, RecordType::Message);
  }

  void append_recipient(std::string& records, std::string_view address) {
    ++recipient_count_;
    if (options_.notify != 0)
      global::append_attribute(records, attr::kNotifyFlags, std::to_string(options_.notify));
    global::append_record(records, RecordType::Recipient, address);
  }

  const Options& options_;
  const global::Params& params_;
  User user_;
  std::string sender_;
  std::size_t recipient_count_ = 0;
};

}  // namespace

int submit(const Options& options, const global::Params& params) {
  return Submission(options, params).run();
}

}  // namespace handoff::sendmail
