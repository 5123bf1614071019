#include "util/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "support/files.h"
#include "support/log.h"
#include "util/sockets.h"

namespace handoff::util {
namespace {

class ServiceManagerTest : public ::testing::Test {
 protected:
  ~ServiceManagerTest() override { (void)unsetenv(ServiceManager::kVariable); }

  static ServiceManager named(const std::string& socket) {
    (void)setenv(ServiceManager::kVariable, socket.c_str(), 1);
    return ServiceManager::from_environment();
  }
  static std::string heard(const UniqueFd& socket) {
    std::array<char, 1024> buffer;
    const auto size = recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

  test::TemporaryDirectory directory;
};

TEST_F(ServiceManagerTest, HearsHowWeAre) {
  const auto socket = bind_unix_datagram(directory.path("notify"), 0600);
  ASSERT_TRUE(socket);
  auto manager = named(directory.path("notify"));
  manager.ready("serving\nINJECTED=1");
  EXPECT_EQ(heard(*socket), "READY=1\nMAINPID=" + std::to_string(getpid()) + "\nSTATUS=serving\n");
  manager.reloading();
  EXPECT_EQ(heard(*socket).find("RELOADING=1\nMONOTONIC_USEC="), 0U);
  manager.stopping("signal 15");
  EXPECT_EQ(heard(*socket), "STOPPING=1\nSTATUS=signal 15\n");
}

TEST_F(ServiceManagerTest, MayHaveAnAbstractName) {
  const std::string name = "@handoff-test-" + std::to_string(getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path + 1, name.size() - 1, 1);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())),
            0);
  named(name).stopping("");
  EXPECT_EQ(heard(socket), "STOPPING=1\nSTATUS=\n");
}

TEST_F(ServiceManagerTest, NobodyMayWantToKnow) {
  ServiceManager::from_environment().ready("serving");
  named("").ready("serving");
}

TEST_F(ServiceManagerTest, ANameThatIsNoneIsSaidOnce) {
  test::LogCapture::expect("NOTIFY_SOCKET=relative: not the name of a socket");
  auto manager = named("relative");
  manager.ready("serving");
  test::LogCapture::expect("NOTIFY_SOCKET=/nonexistent/x: connect: No such file or directory");
  named("/nonexistent/x").ready("serving");
  test::LogCapture::expect("not the name of a socket");
  named("/" + std::string(200, 'x')).ready("serving");
  named("@").ready("serving");
}

}  // namespace
}  // namespace handoff::util
