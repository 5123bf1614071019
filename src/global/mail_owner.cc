#include "global/mail_owner.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <optional>

#include "global/own_addresses.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/set_id.h"
#include "util/text.h"
#include "util/valid_hostname.h"

namespace handoff::global {
namespace {

using util::Error;
using util::Result;
using util::Status;

constexpr std::string_view kSeparators = ", \t\r\n";

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

std::optional<Account> account(const passwd* entry) {
  if (entry == nullptr) return std::nullopt;
  return Account{entry->pw_name, entry->pw_uid, entry->pw_gid};
}

// One mistake: explained in the log by place and rule, then reported in stock's words.
class Checker {
 public:
  explicit Checker(const Config& config) : config_(config) {}

  [[nodiscard]] Error mistake(std::string_view parameter, std::string_view value,
                              std::string_view rule, std::string what) const {
    config_.explain(parameter, value, rule);
    return Error::syntax(std::move(what));
  }

  // The kind of mistake whose text begins with "file F: parameter P: ".
  [[nodiscard]] Error bad_parameter(std::string_view parameter, std::string_view value,
                                    std::string_view rule, std::string_view problem) const {
    return mistake(parameter, value, rule,
                   fmt::format("file {}: parameter {}: {}", config_.main_cf(), parameter, problem));
  }

  [[nodiscard]] const Config& config() const { return config_; }

 private:
  const Config& config_;
};

// --- Names

Status check_host_name(const Checker& checker, std::string_view parameter,
                       const std::string& value) {
  const Status valid = util::valid_hostname(value);
  if (valid) return {};
  msg::warn("{}", valid.error().what);
  return checker.bad_parameter(parameter, value, "must be the name of a host or domain",
                               "bad parameter value: " + value);
}

Status check_consistency(const Checker& checker, const Params& params) {
  if (util::equal_ignoring_case(params.myhostname, params.relayhost)) {
    return checker.mistake(
        "relayhost", params.relayhost, "must be another host than this one",
        fmt::format("myhostname and relayhost parameter settings must not be identical: {}",
                    params.myhostname));
  }
  if (params.myorigin.find_first_of(kSeparators) != std::string::npos) {
    return checker.mistake(
        "myorigin", params.myorigin, "must be one domain",
        fmt::format("myorigin parameter setting must not contain multiple values: {}",
                    params.myorigin));
  }
  return {};
}

// The two characters of variable envelope return paths (VERP).
Status check_verp_delimiters(const Checker& checker, const Params& params) {
  const std::string& delimiters = params.default_verp_delimiters;
  const std::size_t bad = delimiters.find_first_not_of(params.verp_delimiter_filter);
  if (bad == std::string::npos) return {};
  return checker.mistake("default_verp_delimiters", delimiters,
                         "must be two characters of verp_delimiter_filter",
                         fmt::format("file {}: parameters default_verp_delimiters and "
                                     "verp_delimiter_filter: bad {} VERP delimiter character",
                                     checker.config().main_cf(), bad == 0 ? "first" : "second"));
}

// --- Accounts

constexpr std::string_view kAccountRule =
    "must be an account other than root's, with a user ID and a group of its own";

Result<Account> check_user(const Checker& checker, std::string_view parameter,
                           const std::string& name) {
  const auto bad = [&](std::string_view problem) {
    return checker.bad_parameter(parameter, name, kAccountRule, problem);
  };
  const auto user = account(getpwnam(name.c_str()));
  if (!user) return bad("unknown user name value: " + name);
  if (user->uid == 0) return bad(fmt::format("user {} has privileged user ID", name));
  if (user->gid == 0) return bad(fmt::format("user {} has privileged group ID", name));
  return *user;
}

// mail_owner only: another name for the same ID could do everything that it can.
Status check_not_shared(const Checker& checker, const Account& owner) {
  const auto first = account(getpwuid(owner.uid));
  if (!first || first->name == owner.name) return {};
  return checker.bad_parameter(
      "mail_owner", owner.name, kAccountRule,
      fmt::format("user {} has same user ID as {}", owner.name, first->name));
}

Result<gid_t> check_group(const Checker& checker, const std::string& name) {
  const auto bad = [&](std::string_view problem) {
    return checker.bad_parameter(
        "setgid_group", name, "must be a group other than root's, with an ID of its own", problem);
  };
  const group* found = getgrnam(name.c_str());
  if (found == nullptr) return bad("unknown group name: " + name);
  const gid_t gid = found->gr_gid;
  if (gid == 0) return bad(fmt::format("group {} has privileged group ID", name));
  const group* first = getgrgid(gid);
  if (first != nullptr && first->gr_name != name)
    return bad(fmt::format("group {} has same group ID as {}", name, first->gr_name));
  return gid;
}

Status check_distinct(const Checker& checker, const Account& owner, const Account& nobody,
                      const std::string& setgid_group, gid_t setgid) {
  const std::string file = "file " + checker.config().main_cf() + ": parameters ";
  const auto bad = [&](std::string_view parameter, std::string_view value, std::string what) {
    return checker.mistake(parameter, value, kAccountRule, file + std::move(what));
  };
  if (nobody.name == owner.name)
    return bad("default_privs", nobody.name,
               "default_privs and mail_owner specify the same user " + owner.name);
  if (nobody.uid == owner.uid)
    return bad(
        "default_privs", nobody.name,
        fmt::format("default_privs and mail_owner: users {} and {} have the same user ID: {}",
                    nobody.name, owner.name, owner.uid));
  if (nobody.gid == owner.gid)
    return bad(
        "default_privs", nobody.name,
        fmt::format("default_privs and mail_owner: users {} and {} have the same group ID: {}",
                    nobody.name, owner.name, owner.gid));
  if (nobody.gid == setgid)
    return bad("default_privs", nobody.name,
               fmt::format("default_privs and setgid_group: user {} and group {} have the same "
                           "group ID: {}",
                           nobody.name, setgid_group, setgid));
  if (owner.gid == setgid)
    return bad(
        "mail_owner", owner.name,
        fmt::format("mail_owner and setgid_group: user {} and group {} have the same group ID: {}",
                    owner.name, setgid_group, setgid));
  return {};
}

Result<MailOwner> check_accounts(const Checker& checker, const Params& params) {
  const Result<Account> owner = check_user(checker, "mail_owner", params.mail_owner);
  if (!owner) return owner.error();
  if (Status own = check_not_shared(checker, *owner); !own) return own.error();
  const Result<Account> nobody = check_user(checker, "default_privs", params.default_privs);
  if (!nobody) return nobody.error();
  const Result<gid_t> setgid = check_group(checker, params.setgid_group);
  if (!setgid) return setgid.error();
  if (Status distinct = check_distinct(checker, *owner, *nobody, params.setgid_group, *setgid);
      !distinct) {
    return distinct.error();
  }
  return MailOwner{owner->uid, owner->gid, owner->name};
}

MailOwner current_user() {
  const auto user = account(getpwuid(geteuid()));
  return {geteuid(), getegid(), user ? user->name : std::to_string(geteuid())};
}

// Where a command is set-gid the installation is not rootless, whoever runs it.
bool has_own_accounts() {
  return !rootless() || util::set_id_process();
}

}  // namespace

bool rootless() {
  return geteuid() != 0;
}

Result<MailOwner> try_check_installation(const Config& config, const Params& params) {
  const Checker checker(config);
  if (const auto protocols = parse_inet_protocols(config, params); !protocols)
    return protocols.error();
  if (Status host = check_host_name(checker, "myhostname", params.myhostname); !host)
    return host.error();
  if (Status domain = check_host_name(checker, "mydomain", params.mydomain); !domain)
    return domain.error();
  const Result<MailOwner> owner =
      has_own_accounts() ? check_accounts(checker, params) : current_user();
  if (!owner) return owner.error();
  if (config.find("mynetworks") == nullptr) {
    if (const auto style = parse_mynetworks_style(config, params.mynetworks_style); !style)
      return style.error();
  }
  if (Status consistent = check_consistency(checker, params); !consistent)
    return consistent.error();
  if (Status verp = check_verp_delimiters(checker, params); !verp) return verp.error();
  return *owner;
}

MailOwner check_installation(const Config& config, const Params& params) {
  return util::or_die(try_check_installation(config, params));
}

}  // namespace handoff::global
