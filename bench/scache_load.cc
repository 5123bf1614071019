// scache_load.cc - the clients of bench/scache: fills a session cache server and measures it.
//
//   scache_load SOCKET PATIENCE
//
// A server that is silent for PATIENCE seconds is taken for blocked.
//
// Takes commands from standard input and answers each with a line of JSON:
//
//   fill N               there are N sessions in the cache then, with one destination each
//   age CYCLES           so many cycles by one client
//   run CLIENTS CYCLES   so many cycles in all, by so many clients side by side, for 10 s at most
//   own CLIENTS CYCLES   the same, but with our client, which uses the second socket
//   stall WHERE N        N more clients that stop there and stay: request, descriptor, turn, end
//
// A cycle is what a delivery on a cached connection costs: find_dest, save_dest, save_endp, for a
// destination at random. All but "own" speak as stock's smtp(8) does, one message in flight. The
// sessions are TCP connections whose remote ends are here. (Ends of UNIX sockets would not do:
// each that is passed on makes work for the kernel's collector of cycles among them.)
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <memory>
#include <mutex>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "global/scache_proto.h"
#include "global/session_cache_clnt.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/pass_fd.h"
#include "util/sockets.h"

namespace {

using namespace handoff;
using namespace std::chrono_literals;
using util::Error;
using util::Result;
using util::Status;
using util::UniqueFd;
namespace scache = global::scache;
using Clock = std::chrono::steady_clock;

constexpr auto kTimeToLive = 3600s;
constexpr auto kLongestRun = 10s;

// Above those of all others.
constexpr std::size_t kNamesOfStalled = 1'000'000;

const std::string kTurn = util::attr0::encode(scache::Turn{});

template <typename T>
T need(Result<T> result) {
  if (!result) msg::fatal("{}", result.error().what);
  return *std::move(result);
}

template <typename T>
Status status_of(const Result<T>& result) {
  return result ? Status() : Status(result.error());
}

void set_option(const UniqueFd& socket, int name, const void* value, socklen_t length) {
  if (setsockopt(socket.get(), SOL_SOCKET, name, value, length) != 0)
    msg::fatal("setsockopt: {}", util::errno_text(errno));
}

// --- What is cached: connections to this process, with texts as those of smtp(8).

class Remotes {
 public:
  Remotes()
      : listener_(need(util::listen_inet(*util::SocketAddress::parse("127.0.0.1", 0), 16))),
        address_(need(util::local_address(listener_.get()))) {}

  UniqueFd connect() {
    UniqueFd near = need(util::connect_inet(address_, 1s));
    UniqueFd far = need(util::accept_connection(listener_.get()));
    // Ends with a reset, so that tens of thousands of ports are free again at once.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    set_option(far, SO_LINGER, &at_once, sizeof at_once);
    ends_.push_back(std::move(far));
    return near;
  }

 private:
  UniqueFd listener_;
  util::SocketAddress address_;
  std::vector<UniqueFd> ends_;
};

struct Entry {
  std::string destination;
  std::string destination_property;
  std::string endpoint;
  std::string endpoint_property;

  [[nodiscard]] std::size_t text_size() const {
    return destination.size() + destination_property.size() + endpoint.size() +
           endpoint_property.size();
  }
};

Entry entry(std::size_t number) {
  const std::string domain = "domain" + std::to_string(number) + ".example";
  const std::string address = "10." + std::to_string(number >> 16) + "." +
                              std::to_string(number >> 8 & 255) + "." +
                              std::to_string(number & 255);
  return {.destination = "smtp\n" + domain + "\n",
          .destination_property = "features=1\n",
          .endpoint = "smtp\n" + address + "\n25\n0\n",
          .endpoint_property = "host=mx." + domain + "\naddress=" + address + "\nreuse_count=1\n"};
}

// --- A client.

class Client {
 public:
  static Result<Client> connect(const std::string& path, std::chrono::seconds patience) {
    auto socket = util::connect_unix(path, patience);
    if (!socket) return std::move(socket).error();
    Client client(*std::move(socket), patience);
    if (auto greeting = client.hear(); !greeting) return std::move(greeting).error();
    return client;
  }

  Status say(std::string_view list) {
    const auto sent = send(socket_.get(), list.data(), list.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(list.size())) return Error::system("send", errno);
    return {};
  }
  // One list: the server says nothing more before it is asked again.
  Result<std::string_view> hear() {
    util::attr0::ListScanner scanner;
    heard_ = 0;
    while (true) {
      auto received = util::receive_patiently(socket_.get(),
                                              {buffer_.data() + heard_, buffer_.size() - heard_});
      if (!received) return std::move(received).error();
      if (received->bytes == 0) return Error::closed("the server has hung up");
      heard_ += received->bytes;
      const std::string_view list(buffer_.data(), heard_);
      if (need(scanner.scan(list))) return list;
    }
  }
  Result<std::string_view> ask(std::string_view list) {
    if (auto said = say(list); !said) return std::move(said).error();
    return hear();
  }
  // The three steps of a find: the question (false for a miss), the session, the last word.
  Result<bool> look_up(const Entry& wanted) {
    const auto reply = ask(scache::encode_request(scache::FindDestination{wanted.destination}));
    if (!reply) return reply.error();
    const auto found = util::attr0::decode<scache::DestinationReply>(*reply, "scache");
    return found && found->status == global::ScacheStatus::Ok;
  }
  Result<UniqueFd> take() {
    if (auto said = say(kTurn); !said) return std::move(said).error();
    char byte = 0;
    auto received = util::receive_patiently(socket_.get(), {&byte, 1});
    if (!received) return std::move(received).error();
    return util::exactly_one(*std::move(received));
  }
  Status thank() { return say(kTurn); }

  Status save(const Entry& entry, UniqueFd session) {
    auto reply = ask(scache::encode_request(scache::SaveDestination{
        kTimeToLive, entry.destination, entry.destination_property, entry.endpoint}));
    if (reply)
      reply = ask(scache::encode_request(
          scache::SaveEndpoint{kTimeToLive, entry.endpoint, entry.endpoint_property}));
    if (!reply) return std::move(reply).error();
    if (auto sent = util::send_fd(socket_.get(), session.get()); !sent) return sent;
    reply = hear();
    if (!reply) return std::move(reply).error();
    return {};
  }

 private:
  Client(UniqueFd socket, std::chrono::seconds patience)
      : socket_(std::move(socket)), buffer_(4096) {
    const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
    set_option(socket_, SO_RCVTIMEO, &limit, sizeof limit);
  }

  UniqueFd socket_;
  std::vector<char> buffer_;
  std::size_t heard_ = 0;
};

// --- Who makes the cycles.

class Deliverer {
 public:
  Deliverer() = default;
  Deliverer(const Deliverer&) = delete;
  Deliverer& operator=(const Deliverer&) = delete;
  virtual ~Deliverer() = default;
  // False for a miss.
  virtual Result<bool> cycle(const Entry& about) = 0;
};

class StockDeliverer final : public Deliverer {
 public:
  explicit StockDeliverer(Result<Client> client) : client_(std::move(client)) {}
  Result<bool> cycle(const Entry& about) override {
    if (!client_) return client_.error();
    const auto hit = client_->look_up(about);
    if (!hit || !*hit) return hit;
    auto session = client_->take();
    if (!session) return std::move(session).error();
    if (auto thanked = client_->thank(); !thanked) return std::move(thanked).error();
    if (auto saved = client_->save(about, *std::move(session)); !saved)
      return std::move(saved).error();
    return true;
  }

 private:
  Result<Client> client_;
};

class OwnDeliverer final : public Deliverer {
 public:
  explicit OwnDeliverer(const std::string& path) : cache_({.service = path}) {}
  Result<bool> cycle(const Entry& about) override {
    auto found = cache_.find_destination(about.destination);
    if (!found) return false;
    found->session.farewell = "QUIT\r\n";
    cache_.save(about.destination, {.property = found->property, .endpoint = about.endpoint},
                std::move(found->session), kTimeToLive);
    return true;
  }

 private:
  global::ClientSessionCache cache_;
};

// --- The commands.

class Load {
 public:
  Load(std::string path, std::chrono::seconds patience)
      : path_(std::move(path)), patience_(patience) {}

  void fill(std::size_t count);
  enum class Protocol { Stock, Own };
  void age(std::size_t cycles);
  void run(Protocol protocol, std::size_t clients, std::size_t cycles);
  void stall(const std::string& where, std::size_t count);

 private:
  struct Outcome {
    std::vector<double> latencies;  // microseconds
    std::size_t misses = 0;
    bool blocked = false;
  };

  [[nodiscard]] std::unique_ptr<Deliverer> deliverer(Protocol protocol) const;
  Outcome deliver(Deliverer& deliverer, std::size_t who, std::size_t clients, std::size_t cycles,
                  Clock::time_point end) const;
  Status stall_one(const std::string& where);

  Result<Client> connect() const { return Client::connect(path_, patience_); }

  std::string path_;
  std::chrono::seconds patience_;
  Remotes remotes_;
  std::vector<Entry> entries_;
  std::vector<Client> stalled_;
};

void Load::fill(std::size_t count) {
  Client client = need(connect());
  std::size_t text = 0;
  for (; entries_.size() < count; entries_.push_back(entry(entries_.size()))) {
    const Entry about = entry(entries_.size());
    text += about.text_size();
    if (auto saved = client.save(about, remotes_.connect()); !saved)
      msg::fatal("fill: {}", saved.error().what);
  }
  std::cout << "{\"text\": " << text << "}" << std::endl;
}

std::unique_ptr<Deliverer> Load::deliverer(Protocol protocol) const {
  if (protocol == Protocol::Own) return std::make_unique<OwnDeliverer>(path_);
  return std::make_unique<StockDeliverer>(connect());
}

// Each client has its own share of the destinations, so that none misses what another one holds.
Load::Outcome Load::deliver(Deliverer& deliverer, std::size_t who, std::size_t clients,
                            std::size_t cycles, Clock::time_point end) const {
  Outcome outcome;
  std::mt19937 dice(static_cast<unsigned>(who + entries_.size()));
  const std::size_t share = (entries_.size() - who + clients - 1) / clients;
  std::uniform_int_distribution<std::size_t> any(0, share - 1);
  auto begun = Clock::now();
  for (std::size_t i = 0; i < cycles && begun < end; ++i) {
    const auto hit = deliverer.cycle(entries_[who + any(dice) * clients]);
    outcome.blocked = !hit;
    if (!hit) break;
    if (!*hit) ++outcome.misses;
    const auto done = Clock::now();
    outcome.latencies.push_back(std::chrono::duration<double, std::micro>(done - begun).count());
    begun = done;
  }
  return outcome;
}

void Load::age(std::size_t cycles) {
  const Outcome outcome =
      deliver(*deliverer(Protocol::Stock), 0, 1, cycles, Clock::time_point::max());
  if (outcome.blocked) msg::fatal("age: the server does not answer");
  std::cout << "{}" << std::endl;
}

double percentile(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

void Load::run(Protocol protocol, std::size_t clients, std::size_t cycles) {
  Outcome all;
  std::mutex lock;
  const auto begun = Clock::now();
  std::vector<std::thread> threads;
  for (std::size_t who = 0; who < clients; ++who)
    threads.emplace_back([this, protocol, who, clients, cycles, begun, &all, &lock] {
      const Outcome outcome =
          deliver(*deliverer(protocol), who, clients, cycles / clients, begun + kLongestRun);
      const std::lock_guard<std::mutex> mine(lock);
      std::ranges::copy(outcome.latencies, std::back_inserter(all.latencies));
      all.misses += outcome.misses;
      all.blocked |= outcome.blocked;
    });
  for (auto& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  std::ranges::sort(all.latencies);
  std::cout << "{\"seconds\": " << seconds << ", \"cycles\": " << all.latencies.size()
            << ", \"misses\": " << all.misses
            << ", \"blocked\": " << (all.blocked ? "true" : "false")
            << ", \"p50\": " << percentile(all.latencies, 0.5)
            << ", \"p99\": " << percentile(all.latencies, 0.99) << "}" << std::endl;
}

void Load::stall(const std::string& where, std::size_t count) {
  std::size_t done = 0;
  while (done < count && stall_one(where)) ++done;
  std::cout << "{\"stalled\": " << done << "}" << std::endl;
}

// An error when the server does not even serve this one as far as that.
Status Load::stall_one(const std::string& where) {
  auto connected = connect();
  if (!connected) return std::move(connected).error();
  Client& client = stalled_.emplace_back(*std::move(connected));
  const Entry mine = entry(kNamesOfStalled + stalled_.size());
  const std::string save = scache::encode_request(
      scache::SaveEndpoint{kTimeToLive, mine.endpoint, mine.endpoint_property});
  if (where == "request") return client.say(std::string_view(save).substr(0, save.size() / 2));
  if (where == "descriptor") return status_of(client.ask(save));
  if (auto saved = client.save(mine, remotes_.connect()); !saved) return saved;
  if (auto hit = client.look_up(mine); !hit || where == "turn") return status_of(hit);
  return status_of(client.take());
}

void obey(Load& load, const std::string& line) {
  std::istringstream words(line);
  std::string command;
  std::string where;
  std::size_t first = 0;
  std::size_t second = 0;
  words >> command;
  if (command == "fill" && words >> first) return load.fill(first);
  if (command == "age" && words >> first) return load.age(first);
  if (command == "run" && words >> first >> second)
    return load.run(Load::Protocol::Stock, first, second);
  if (command == "own" && words >> first >> second)
    return load.run(Load::Protocol::Own, first, second);
  if (command == "stall" && words >> where >> first) return load.stall(where, first);
  msg::fatal("bad command: {}", line);
}

}  // namespace

int main(int argc, char** argv) {
  const long patience = argc == 3 ? std::strtol(argv[2], nullptr, 10) : 0;
  if (patience <= 0) msg::fatal("usage: scache_load SOCKET PATIENCE");
  Load load(argv[1], std::chrono::seconds(patience));
  for (std::string line; std::getline(std::cin, line);) obey(load, line);
}
