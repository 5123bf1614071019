#include "global/mail_owner.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/log.h"

namespace handoff::global {
namespace {

using test::LogCapture;

// Accounts that every Debian system has.
constexpr const char* kGood =
    "mail_owner = mail\nsetgid_group = uucp\ndefault_privs = nobody\nmyhostname = mx.example\n";

util::Result<MailOwner> check(std::string settings) {
  std::vector<std::string> overrides;
  if (!settings.empty()) overrides.push_back(std::move(settings));
  const auto config = Config::from_text(kGood, {"/test", "smtp", {}, std::move(overrides)});
  EXPECT_TRUE(config);
  return try_check_installation(*config, load_params(*config, "smtp"));
}

std::string mistake(std::string settings) {
  const auto owner = check(std::move(settings));
  return owner ? "" : owner.error().what;
}

TEST(CheckInstallation, FindsTheMailOwner) {
  const auto owner = check("");
  ASSERT_TRUE(owner) << owner.error().what;
  if (rootless()) {
    EXPECT_EQ(owner->uid, geteuid());
  } else {
    EXPECT_EQ(owner->name, "mail");
    EXPECT_NE(owner->uid, 0U);
  }
}

TEST(CheckInstallation, RefusesBadNames) {
  LogCapture::expect("valid_hostname: misplaced hyphen: -a");
  LogCapture::expect("command line: myhostname = -a: must be the name of a host or domain");
  EXPECT_EQ(mistake("myhostname=-a"),
            "file /test/main.cf: parameter myhostname: bad parameter value: -a");
  LogCapture::expect("valid_hostname: invalid character 32(decimal): a b");
  LogCapture::expect("command line: mydomain = a b");
  EXPECT_EQ(mistake("mydomain=a b"),
            "file /test/main.cf: parameter mydomain: bad parameter value: a b");
}

TEST(CheckInstallation, RefusesToRelayToItself) {
  LogCapture::expect("command line: relayhost = MX.example: must be another host");
  EXPECT_EQ(mistake("relayhost=MX.example"),
            "myhostname and relayhost parameter settings must not be identical: mx.example");
}

TEST(CheckInstallation, RefusesAListOfOrigins) {
  LogCapture::expect("command line: myorigin = a, b: must be one domain");
  EXPECT_EQ(mistake("myorigin=a, b"),
            "myorigin parameter setting must not contain multiple values: a, b");
}

class CheckAccounts : public testing::Test {
 protected:
  void SetUp() override {
    if (rootless()) GTEST_SKIP() << "identities are not checked without root";
  }
};

TEST_F(CheckAccounts, MustExistAndHaveNoPrivileges) {
  LogCapture::expect("command line: ");
  const std::string file = "file /test/main.cf: parameter ";
  EXPECT_EQ(mistake("mail_owner=nosuch"), file + "mail_owner: unknown user name value: nosuch");
  EXPECT_EQ(mistake("mail_owner=root"), file + "mail_owner: user root has privileged user ID");
  EXPECT_EQ(mistake("setgid_group=nosuch"), file + "setgid_group: unknown group name: nosuch");
  EXPECT_EQ(mistake("setgid_group=root"),
            file + "setgid_group: group root has privileged group ID");
  EXPECT_EQ(mistake("default_privs=root"),
            file + "default_privs: user root has privileged user ID");
}

TEST_F(CheckAccounts, MustDiffer) {
  LogCapture::expect("command line: ");
  LogCapture::expect("main.cf, line 1: mail_owner = mail: must be an account");
  EXPECT_EQ(mistake("default_privs=mail"),
            "file /test/main.cf: parameters default_privs and "
            "mail_owner specify the same user mail");
  EXPECT_EQ(mistake("setgid_group=mail"),
            "file /test/main.cf: parameters mail_owner and setgid_group: user mail and group mail "
            "have the same group ID: 8");
}

}  // namespace
}  // namespace handoff::global
