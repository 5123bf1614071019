#include "dns/resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>

#include "dns/reply_parser.h"
#include "util/text.h"

namespace handoff::dns {

namespace {

constexpr int kMaxReferrals = 8;  // aliases that lead from one server's answer to a new question

// "a, b c" as c-ares wants it: "a,b,c".
std::string comma_separated(std::string_view servers) {
  std::string list;
  for (std::string_view server : util::split(servers, ", \t\r\n")) {
    if (!list.empty()) list += ',';
    list += server;
  }
  return list;
}

Kind kind_of_failure(int status) {
  switch (status) {
    case ARES_ENOTFOUND:
      return Kind::NotFound;
    case ARES_ENODATA:
      return Kind::NoData;
    case ARES_EBADNAME:
    case ARES_EBADQUERY:
    case ARES_EBADRESP:
      return Kind::Invalid;
    case ARES_ENOTIMP:
    case ARES_EFORMERR:
      return Kind::Permanent;
    default:  // timeouts, refusals, servers that fail, no server at all
      return Kind::Again;
  }
}

}  // namespace

struct Resolver::State {
  struct Question {
    Question(State& where, std::string_view what, Type which)
        : state(where), asked(what), name(what), type(which) {}

    State& state;
    std::string asked;  // by the caller
    std::string name;   // at the moment: where aliases have led to
    Type type;
    int referrals = 0;
    ParsedReply reply;
  };

  ares_channel channel = nullptr;
  std::size_t unanswered = 0;

  ~State() {
    if (channel != nullptr) ares_destroy(channel);
  }

  void ask(Question& question);
  void send(Question& question);
  void settle(Question& question, Kind kind);
  static void on_reply(void* question, int status, int timeouts, unsigned char* packet,
                       int length) noexcept;
  void run();
  bool wait_once();  // false: there is nothing to wait for
};

void Resolver::State::ask(Question& question) {
  ++unanswered;
  send(question);
}

void Resolver::State::send(Question& question) {
  if (!is_host_name(question.name)) return settle(question, Kind::Invalid);
  unsigned char* packet = nullptr;
  int length = 0;
  const int status = ares_create_query(question.name.c_str(), ns_c_in,
                                       static_cast<int>(question.type), 0, 1, &packet, &length, 0);
  if (status != ARES_SUCCESS) return settle(question, kind_of_failure(status));
  ares_send(channel, packet, length, on_reply, &question);
  ares_free_string(packet);
}

void Resolver::State::settle(Question& question, Kind kind) {
  question.reply.kind = kind;
  --unanswered;
}

void Resolver::State::on_reply(void* argument, int status, int /*timeouts*/, unsigned char* packet,
                               int length) noexcept {
  Question& question = *static_cast<Question*>(argument);
  State& state = question.state;
  if (status != ARES_SUCCESS) return state.settle(question, kind_of_failure(status));
  question.reply =
      parse_reply({packet, static_cast<std::size_t>(length)}, question.name, question.type);
  // An alias into a zone that the server does not know: ask for the rest.
  if (question.reply.kind == Kind::NoData && question.reply.alias &&
      ++question.referrals <= kMaxReferrals) {
    question.name = question.reply.canonical;
    return state.send(question);
  }
  state.settle(question, question.reply.kind);
}

// Until all questions are answered; the library knows when to give one up.
void Resolver::State::run() {
  while (unanswered > 0 && wait_once()) {
  }
  if (unanswered > 0) ares_cancel(channel);  // answers all of them, with an error
}

bool Resolver::State::wait_once() {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const int bits = ares_getsock(channel, sockets.data(), ARES_GETSOCK_MAXNUM);
  std::array<pollfd, ARES_GETSOCK_MAXNUM> polls{};
  nfds_t count = 0;
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    const bool reads = ARES_GETSOCK_READABLE(bits, i);
    const bool writes = ARES_GETSOCK_WRITABLE(bits, i);
    if (!reads && !writes) break;
    polls[count++] = {.fd = sockets[static_cast<std::size_t>(i)],
                      .events = static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)),
                      .revents = 0};
  }
  if (count == 0) return false;
  timeval most{1, 0};
  timeval left{};
  const timeval* next = ares_timeout(channel, &most, &left);
  const int milliseconds = static_cast<int>(next->tv_sec * 1000 + next->tv_usec / 1000 + 1);
  if (::poll(polls.data(), count, milliseconds) <= 0) {
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // for its timers
    return true;
  }
  for (nfds_t i = 0; i < count; ++i) {
    const short events = polls[i].revents;
    const bool reads = (events & (POLLIN | POLLERR | POLLHUP)) != 0;
    const bool writes = (events & (POLLOUT | POLLERR)) != 0;
    if (reads || writes)
      ares_process_fd(channel, reads ? polls[i].fd : ARES_SOCKET_BAD,
                      writes ? polls[i].fd : ARES_SOCKET_BAD);
  }
  return true;
}

util::Result<std::unique_ptr<Resolver>> Resolver::create(const Options& options) {
  // Counted by the library; there is nothing to undo before the process ends.
  if (const int status = ares_library_init(ARES_LIB_INIT_ALL); status != ARES_SUCCESS)
    return util::Error::syntax(ares_strerror(status));
  auto state = std::make_unique<State>();
  ares_options settings{};
  settings.timeout = static_cast<int>(options.timeout.count());
  settings.tries = options.tries;
  const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
  if (const int status = ares_init_options(&state->channel, &settings, mask);
      status != ARES_SUCCESS)
    return util::Error::syntax(std::string("resolver: ") + ares_strerror(status));
  const std::string servers = comma_separated(options.servers);
  if (!servers.empty()) {
    if (const int status = ares_set_servers_ports_csv(state->channel, servers.c_str());
        status != ARES_SUCCESS)
      return util::Error::syntax("bad list of name servers: " + options.servers + ": " +
                                 ares_strerror(status));
  }
  return std::unique_ptr<Resolver>(new Resolver(std::move(state)));
}

Resolver::Resolver(std::unique_ptr<State> state) : state_(std::move(state)) {}
Resolver::~Resolver() = default;

MxAnswer Resolver::mx(std::string_view domain) {
  State::Question question(*state_, domain, Type::Mx);
  state_->ask(question);
  state_->run();
  MxAnswer answer;
  answer.kind = question.reply.kind;
  answer.hosts = std::move(question.reply.mx);
  if (answer.kind != Kind::Found) answer.why = explain(answer.kind, domain, Type::Mx);
  return answer;
}

std::vector<HostAnswer> Resolver::addresses(const std::vector<std::string>& names,
                                            Families families) {
  std::deque<State::Question> questions;  // which do not move: the library points to them
  for (const std::string& name : names) {
    if (families.ipv4) questions.emplace_back(*state_, name, Type::A);
    if (families.ipv6) questions.emplace_back(*state_, name, Type::Aaaa);
  }
  for (auto& question : questions) state_->ask(question);
  state_->run();

  std::vector<HostAnswer> answers(names.size());
  const std::size_t each = (families.ipv4 ? 1 : 0) + (families.ipv6 ? 1 : 0);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    State::Question& question = questions[i];
    HostAnswer& answer = answers[i / each];
    const Kind kind = question.reply.kind;
    if (kind == Kind::Found) {
      if (answer.addresses.empty()) answer.canonical = question.reply.canonical;
      for (auto& address : question.reply.addresses) answer.addresses.push_back(address);
      answer.kind = Kind::Found;
    } else if (answer.kind != Kind::Found && answer.kind != Kind::Again) {
      // Of two failures the one that may pass counts, else the later one.
      answer.kind = kind;
      answer.why = explain(kind, question.asked, question.type);
    }
  }
  return answers;
}

}  // namespace handoff::dns
