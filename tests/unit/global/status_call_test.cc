#include "global/status_call.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>

#include "global/bounce_messages.h"
#include "global/mail_proto.h"
#include "support/files.h"
#include "support/log.h"
#include "util/event_loop.h"
#include "util/sockets.h"
#include "util/stream.h"

namespace handoff::global {
namespace {

using namespace std::chrono_literals;
namespace attr0 = util::attr0;

// A service that takes one client, in a thread: what it hears comes out of request().
class FakeService {
 public:
  FakeService(std::string path, std::string announcement, std::string reply)
      : listener_(*util::listen_unix(path, 5, 0600)),
        thread_([this, announcement = std::move(announcement), reply = std::move(reply)] {
          if (!util::wait_readable(listener_.get(), 5s)) return;
          auto client = util::accept_connection(listener_.get());
          if (!client) return;
          util::Stream stream(*std::move(client), "client", 5s);
          (void)stream.write(announcement);
          auto list = attr0::receive_list(stream);
          if (!list) return;
          request_ = *list;
          (void)stream.write(reply);
          (void)stream.flush();
        }) {}
  ~FakeService() {
    if (thread_.joinable()) thread_.join();
  }
  const std::string& request() {
    thread_.join();
    return request_;
  }

 private:
  util::UniqueFd listener_;
  std::string request_;
  std::thread thread_;
};

class StatusCallTest : public testing::Test {
 protected:
  StatusService service() { return {directory.path() / "bounce", protocol::kDeliveryStatus, 5s}; }
  std::string announcement() { return attr0::announcement(protocol::kDeliveryStatus); }
  static std::string reply(int status) { return attr0::encode(StatusReply{status}); }
  int call_on_loop(std::chrono::milliseconds limit = 5s) {
    util::EventLoop loop;
    std::optional<int> status;
    StatusService target = service();
    target.limit = limit;
    call_ = std::make_unique<StatusCall>(loop, target, request, [&](int result) {
      status = result;
      call_.reset();  // a callback may do that
    });
    EXPECT_TRUE(loop.drain(10s));
    return status.value_or(-99);
  }

  test::WorkingDirectory directory;
  std::string request = attr0::encode(BounceFlush{});
  std::unique_ptr<StatusCall> call_;
};

TEST_F(StatusCallTest, AsksAndWaits) {
  FakeService bounce(service().path, announcement(), reply(0));
  EXPECT_EQ(call_for_status(service(), request), 0);
  EXPECT_EQ(bounce.request(), request);
}

TEST_F(StatusCallTest, SaysWhyItFailed) {
  test::LogCapture::expect("connect to " + service().path + ": No such file or directory");
  EXPECT_EQ(call_for_status(service(), request), kStatusCallFailed);
}

TEST_F(StatusCallTest, RefusesAnotherProtocol) {
  FakeService bounce(service().path, attr0::announcement("other"), reply(0));
  test::LogCapture::expect("unexpected protocol other");
  test::LogCapture::expect("read ");
  EXPECT_EQ(call_for_status(service(), request), kStatusCallFailed);
}

TEST_F(StatusCallTest, TakesAHangUpForAFailure) {
  FakeService bounce(service().path, announcement(), "");
  test::LogCapture::expect("write/read ");
  EXPECT_EQ(call_for_status(service(), request), kStatusCallFailed);
}

TEST_F(StatusCallTest, AsksOnTheEventLoop) {
  FakeService bounce(service().path, announcement(), reply(7));
  EXPECT_EQ(call_on_loop(), 7);
  EXPECT_EQ(bounce.request(), request);
}

TEST_F(StatusCallTest, FailsOnTheEventLoop) {
  test::LogCapture::expect("connect to");
  EXPECT_EQ(call_on_loop(), kStatusCallFailed);
}

TEST_F(StatusCallTest, GivesUpOnAServiceThatSaysNothing) {
  auto listener = util::listen_unix(service().path, 5, 0600);
  ASSERT_TRUE(listener);
  test::LogCapture::expect("timed out");
  EXPECT_EQ(call_on_loop(20ms), kStatusCallFailed);
}

}  // namespace
}  // namespace handoff::global
