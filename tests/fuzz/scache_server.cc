// scache_server.cc - whatever clients say and pass, the server of the session cache serves on.
//
// The input is a play for several clients of one cache on a manual clock: well-formed requests in
// any order, on the first socket or the second, any bytes in any portions, any number of
// descriptors with any of them (also a client's own socket, and things that are no sockets),
// clients that do not listen or leave, remote ends that speak or close, and time that passes.
// Behind it stand the sanitizers, ManualScheduler, which panics when the server spins, a count of
// descriptors, and a client with good manners who comes last and gets what it asks for.
#include <fcntl.h>
#include <fuzzer/FuzzedDataProvider.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "global/mail_proto.h"
#include "global/scache_dialogue.h"
#include "global/scache_extension.h"
#include "global/scache_extension_proto.h"
#include "global/scache_proto.h"
#include "global/session_cache_multi.h"
#include "quiet_start.h"
#include "util/manual_scheduler.h"
#include "util/msg.h"
#include "util/pass_fd.h"

namespace {

using namespace handoff;
using namespace std::chrono_literals;
using util::UniqueFd;
namespace scache = global::scache;

constexpr std::size_t kMostClients = 6;
constexpr std::size_t kMostDescriptors = 3;
constexpr std::size_t kLongestSpeech = 512;
constexpr int kMostActs = 200;
constexpr auto kStallLimit = 100s;

const std::string kTurn = util::attr0::encode(scache::Turn{});

std::pair<UniqueFd, UniqueFd> socket_pair(int type) {
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) msg::panic("socketpair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

class Play {
 public:
  explicit Play(FuzzedDataProvider& script) : script_(script) {}

  void perform() {
    arrive();
    for (int act = 0; act < kMostActs && script_.remaining_bytes() > 0; ++act) {
      perform_one();
      if (script_.ConsumeBool()) clock_.ready();
    }
    clock_.ready();
    epilogue();
  }

 private:
  enum class Act {
    Save,
    Find,
    Arrive,
    Request,
    Turn,
    Noise,
    Descriptors,
    Listen,
    Leave,
    Remote,
    Time,
    kMaxValue
  };

  void perform_one() {
    switch (script_.ConsumeEnum<Act>()) {
      case Act::Arrive:
        return arrive();
      case Act::Save:
        return save_a_session(client());
      case Act::Find:
        return find_a_session(client());
      case Act::Request:
        return speak(client(), request());
      case Act::Turn:
        return speak(client(), kTurn);
      case Act::Noise:
        return speak(client(), script_.ConsumeRandomLengthString(kLongestSpeech));
      case Act::Descriptors:
        return pass();
      case Act::Listen:
        return (void)listen(client());
      case Act::Leave:
        return leave();
      case Act::Remote:
        return remote_end();
      case Act::Time:
        return clock_.advance(
            std::chrono::milliseconds(script_.ConsumeIntegralInRange(0, 200'000)));
      case Act::kMaxValue:
        return;
    }
  }

  void arrive() {
    if (clients_.size() == kMostClients) return;
    if (script_.ConsumeBool())
      arrive_at<SOCK_SEQPACKET>(extension_dialogues_);
    else
      arrive_at<SOCK_STREAM>(dialogues_);
  }
  template <int type, typename Dialogue>
  void arrive_at(std::list<std::unique_ptr<Dialogue>>& dialogues) {
    auto [near, far] = socket_pair(type);
    clients_.push_back(std::move(near));
    const auto place = dialogues.emplace(dialogues.end());
    *place = std::make_unique<Dialogue>(desk_, std::move(far),
                                        [&dialogues, place] { dialogues.erase(place); });
  }
  void leave() {
    if (clients_.empty()) return;
    clients_.erase(clients_.begin() +
                   script_.ConsumeIntegralInRange<std::ptrdiff_t>(0, std::ssize(clients_) - 1));
  }
  int client() {
    if (clients_.empty()) arrive();
    return clients_[script_.ConsumeIntegralInRange<std::size_t>(0, clients_.size() - 1)].get();
  }

  std::string label() { return std::string(1, script_.PickValueInArray({'a', 'b', 'c'})); }
  std::string property() { return script_.ConsumeRandomLengthString(8).c_str(); }
  std::string request() {
    const std::chrono::seconds ttl(script_.ConsumeIntegralInRange(-1, 30));
    switch (script_.ConsumeIntegralInRange(0, 5)) {
      case 0:
        return scache::encode_request(scache::SaveEndpoint{ttl, label(), property()});
      case 1:
        return scache::encode_request(scache::FindEndpoint{label()});
      case 2:
        return scache::encode_request(scache::SaveDestination{ttl, label(), property(), label()});
      case 3:
        return scache::encode_request(scache::FindDestination{label()});
      case 4:
        return scache::encode_request(save(ttl));
      default:
        return scache::encode_request(script_.ConsumeBool() ? scache::Find{label(), {}}
                                                            : scache::Find{{}, label()});
    }
  }
  scache::Save save(std::chrono::seconds ttl) {
    scache::Save save{.ttl = ttl, .endpoint = label(), .session = {}, .binding = {}};
    if (script_.ConsumeBool()) save.session = {property(), property()};
    if (script_.ConsumeBool()) save.binding = {label(), property()};
    return save;
  }
  static void speak(int client, const std::string& text) {
    (void)send(client, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  // As it should be, on either socket.
  void save_a_session(int client) {
    scache::Save wanted = save(10s);
    wanted.session = {property(), property()};
    speak(client, scache::encode_request(scache::SaveEndpoint{10s, label(), property()}));
    clock_.ready();
    std::vector<UniqueFd> owned;
    std::string text =
        script_.ConsumeBool() ? scache::encode_request(wanted) : std::string(1, '\0');
    send_with(client, text, {a_connection(owned)});
    clock_.ready();
  }
  // In as many steps as the client likes.
  void find_a_session(int client) {
    const std::string wanted = label();
    speak(client, script_.ConsumeBool() ? scache::encode_request(scache::FindEndpoint{wanted})
                                        : scache::encode_request(scache::Find{{}, wanted}));
    for (int steps = script_.ConsumeIntegralInRange(0, 2); steps > 0; --steps) {
      clock_.ready();
      speak(client, kTurn);
    }
    clock_.ready();
    if (script_.ConsumeBool()) (void)listen(client);
  }
  // Some descriptors, with the bytes that carry them on the first socket, or a request for the
  // second.
  void pass() {
    const int to = client();
    std::string text(script_.ConsumeIntegralInRange<std::size_t>(1, 3), '\0');
    if (script_.ConsumeBool()) text = scache::encode_request(save(10s));
    std::vector<UniqueFd> owned;
    std::vector<int> numbers;
    for (auto left = script_.ConsumeIntegralInRange<std::size_t>(0, kMostDescriptors); left > 0;
         --left)
      numbers.push_back(something_open(to, owned));
    send_with(to, text, numbers);
  }
  int something_open(int sender, std::vector<UniqueFd>& owned) {
    switch (script_.ConsumeIntegralInRange(0, 4)) {
      case 0:
        return sender;
      case 1:
        return owned.emplace_back(open("/dev/null", O_RDWR | O_CLOEXEC)).get();
      default:
        return a_connection(owned);
    }
  }
  int a_connection(std::vector<UniqueFd>& owned) {
    auto [near, far] = socket_pair(SOCK_STREAM);
    remote_ends_.push_back(std::move(far));
    return owned.emplace_back(std::move(near)).get();
  }
  static void send_with(int to, std::string& text, const std::vector<int>& numbers) {
    iovec data{.iov_base = text.data(), .iov_len = text.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (!numbers.empty()) {
      const std::size_t length = numbers.size() * sizeof(int);
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(length);
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(length);
      std::memcpy(CMSG_DATA(header), numbers.data(), length);
    }
    (void)sendmsg(to, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  // What has been said to a client; descriptors are closed.
  static std::string listen(int client) {
    std::array<char, 4096> buffer;
    const auto received = util::receive(client, buffer);
    return received ? std::string(buffer.data(), received->bytes) : "";
  }
  void remote_end() {
    if (remote_ends_.empty()) return;
    const auto which = script_.ConsumeIntegralInRange<std::size_t>(0, remote_ends_.size() - 1);
    if (script_.ConsumeBool())
      (void)send(remote_ends_[which].get(), "421", 3, MSG_DONTWAIT | MSG_NOSIGNAL);
    else
      remote_ends_[which].reset();
  }

  // Whatever happened, the server serves.
  void epilogue() {
    clients_.clear();
    arrive_at<SOCK_STREAM>(dialogues_);
    expect(listen_when_served(), util::attr0::announcement(global::protocol::kConnectionCache));
    ask(scache::encode_request(scache::FindEndpoint{"nobody"}));
    expect(listen_when_served(), util::attr0::encode(scache::EndpointReply{}));

    clients_.clear();
    arrive_at<SOCK_SEQPACKET>(extension_dialogues_);
    ask(scache::encode_request(scache::Find{{}, "nobody"}));
    expect(listen_when_served(), util::attr0::encode(scache::FindReply{}));
  }
  void ask(const std::string& text) { speak(clients_.back().get(), text); }
  std::string listen_when_served() {
    clock_.ready();
    return listen(clients_.back().get());
  }
  static void expect(const std::string& heard, const std::string& expected) {
    if (heard != expected) msg::panic("a good client was told {} bytes of nonsense", heard.size());
  }

  FuzzedDataProvider& script_;
  util::ManualScheduler clock_;
  global::MultiSessionCache cache_{
      clock_,
      {.watch_idle_sessions = true,
       .limits = {.sessions = 6, .service_sessions = 5, .endpoint_sessions = 4}}};
  scache::Statistics statistics_{0};
  scache::Desk desk_{.scheduler = clock_,
                     .cache = cache_,
                     .statistics = statistics_,
                     .client_name = "scache socket",
                     .ttl_limit = 20s,
                     .stall_limit = kStallLimit,
                     .relieve = [this] { return cache_.shed_one(); }};
  std::list<std::unique_ptr<scache::Dialogue>> dialogues_;
  std::list<std::unique_ptr<scache::ExtensionDialogue>> extension_dialogues_;
  std::vector<UniqueFd> clients_;
  std::vector<UniqueFd> remote_ends_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto before = open_descriptors();
  FuzzedDataProvider script(data, size);
  Play(script).perform();
  if (open_descriptors() != before) msg::panic("a descriptor was lost");
  return 0;
}
