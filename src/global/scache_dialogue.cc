#include "global/scache_dialogue.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "util/msg.h"
#include "util/result.h"

namespace handoff::global::scache {
namespace {

using util::Error;
using util::attr0::ListReader;

namespace request = scache_request;

using namespace std::chrono_literals;

// In one go, so that a client with much to say lets the others have their turn.
constexpr std::size_t kReadSize = 16 * 1024;
// A client that has not made one good request among so many is not one of ours.
constexpr int kMalformedLimit = 20;
// Of a list full of garbage, not more than this many attributes are named in the log.
constexpr int kNamedLimit = 4;

// The original's names of the functions that serve these requests, which stand in its log.
constexpr std::string_view kSaveEndpointService = "scache_save_endp_service";
constexpr std::string_view kSaveDestinationService = "scache_save_dest_service";
constexpr std::string_view kFindEndpointService = "scache_find_endp_service";
constexpr std::string_view kFindDestinationService = "scache_find_dest_service";

bool begins_with(std::string_view list, std::string_view name) {
  return list.starts_with(name) && list.size() > name.size() && list[name.size()] == '\0';
}

std::string_view first_string(std::string_view list) {
  return list.substr(0, list.find('\0'));
}

std::string reason(const Error& error) {
  return error.code != 0 ? util::errno_text(error.code) : error.what;
}

}  // namespace

Dialogue::Dialogue(Desk& desk, util::UniqueFd socket, std::function<void()> gone, Arrival arrival)
    : desk_(desk),
      socket_(std::move(socket)),
      gone_(std::move(gone)),
      last_progress_(desk.scheduler.now()) {
  await_input();
  if (arrival == Arrival::New) send(util::attr0::announcement(protocol::kConnectionCache));
  failed_ = false;  // who has left already may have left a cache behind
}

// --- Input and output.

void Dialogue::await_input() {
  readable_ = desk_.scheduler.readable(socket_.get(), [this] { on_readable(); });
}

void Dialogue::on_readable() {
  if (!read_input()) return gone_();
  serve_and_watch();
}

void Dialogue::on_writable() {
  writable_.cancel();
  await_input();
  last_progress_ = desk_.scheduler.now();
  send(std::exchange(output_, {}));
  serve_and_watch();  // what came while the client did not listen
}

void Dialogue::serve_and_watch() {
  if (!serve()) return gone_();
  if (release_ && at_rest()) return let_go();
  attached_ = {};  // closes what nobody asked for
  watch_for_stall();
}

void Dialogue::settle(Release release) {
  release_ = std::move(release);
  if (at_rest()) let_go();
}

bool Dialogue::at_rest() const {
  return phase_ == Phase::Request && input_.empty() && output_.empty();
}

void Dialogue::let_go() {
  readable_.cancel();
  const auto release = std::move(release_);
  release(std::move(socket_));
}

// False at the end of the connection.
bool Dialogue::read_input() {
  std::array<char, kReadSize> buffer;
  // Exactly the byte that carries the descriptor: what follows it is not part of it.
  const std::size_t wanted = phase_ == Phase::Descriptor && input_.empty() ? 1 : buffer.size();
  auto received = util::receive(socket_.get(), {buffer.data(), wanted});
  if (!received && received.error().code == EAGAIN) return true;
  if (!received || received->bytes == 0) {
    log_broken_off(false);
    return false;
  }
  last_progress_ = desk_.scheduler.now();
  input_.append(buffer.data(), received->bytes);
  if (received->truncated && received->descriptors.empty()) desk_.relieve();
  attached_ = *std::move(received);
  return true;
}

// Whatever is complete; false when the connection is of no use anymore.
bool Dialogue::serve() {
  while (!failed_ && output_.empty() && !input_.empty()) {
    if (phase_ == Phase::Descriptor)
      on_descriptor();
    else if (!serve_list())
      break;
    if (malformed_ >= kMalformedLimit) {
      msg::warn("{}: {} malformed requests in a row, closing the connection", desk_.client_name,
                malformed_);
      failed_ = true;
    }
  }
  return !failed_;
}

// False when there is no complete list yet.
bool Dialogue::serve_list() {
  const auto length = scanner_.scan(input_);
  if (!length) {
    msg::warn("{}: {}, closing the connection", desk_.client_name, length.error().what);
    failed_ = true;
    return false;
  }
  if (!*length) return false;
  const std::string list = input_.substr(0, **length);
  input_.erase(0, list.size());
  scanner_ = {};
  on_list(list);
  return true;
}

void Dialogue::send(std::string_view bytes) {
  while (!bytes.empty() && output_.empty()) {
    const ssize_t sent =
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      output_ = bytes;
      readable_.cancel();  // who does not listen is not listened to
      writable_ = desk_.scheduler.writable(socket_.get(), [this] { on_writable(); });
      return;
    } else if (errno != EINTR) {
      failed_ = true;  // the end of the connection will be read, too
      return;
    }
  }
}

// --- The dialogue.

void Dialogue::on_list(std::string_view list) {
  switch (phase_) {
    case Phase::Request:
      return on_request(list);
    case Phase::FirstTurn:
      return on_first_turn(list);
    case Phase::SecondTurn:
      return on_second_turn(list);
    case Phase::Descriptor:
      break;  // not a list
  }
  msg::panic("scache client: a list in the wrong phase");
}

// Attributes before the request are named in the log, and skipped, names and values alike.
void Dialogue::on_request(std::string_view list) {
  for (int skipped = 0; list.size() > 1 && !begins_with(list, attr::kRequest); ++skipped) {
    for (int part = 0; part < 2; ++part) {
      const std::string_view word = first_string(list);
      if (skipped < kNamedLimit)
        msg::warn("unexpected attribute {} from {} (expecting: {})", word, desk_.client_name,
                  attr::kRequest);
      list.remove_prefix(std::min(word.size() + 1, list.size()));
    }
  }
  ListReader reader(list, desk_.client_name);
  ++malformed_;  // until it turns out to be good
  if (const auto name = reader.next(attr::kRequest)) dispatch(*name, reader);
  desk_.request_served();
}

void Dialogue::dispatch(std::string_view name, ListReader& reader) {
  if (name == request::kFindDestination) return find_destination(reader);
  if (name == request::kFindEndpoint) return find_endpoint(reader);
  if (name == request::kSaveDestination) return save_destination(reader);
  if (name == request::kSaveEndpoint) return save_endpoint(reader);
  if (name == Inherit::kName && desk_.inherit) return inherit();
  msg::warn("unrecognized request: \"{}\", ignored", name);
  say(StatusReply{ScacheStatus::Bad});
}

// This is no client: the connection goes to whoever wants to inherit.
void Dialogue::inherit() {
  readable_.cancel();
  failed_ = true;
  desk_.inherit(std::move(socket_), std::exchange(attached_, {}));
}

template <typename Reply>
void Dialogue::refuse(std::string_view service) {
  msg::warn("{}: bad or missing request parameter", service);
  Reply reply;
  reply.status = ScacheStatus::Bad;
  say(reply);
}

namespace {

template <typename Request>
bool read_request(ListReader& reader, Request& wanted) {
  if (!read_fields(reader, wanted)) return false;
  reader.finish();
  return true;
}

}  // namespace

void Dialogue::save_endpoint(ListReader& reader) {
  saving_ = {};
  if (!read_request(reader, saving_) || saving_.ttl <= 0s)
    return refuse<StatusReply>(kSaveEndpointService);
  malformed_ = 0;
  service_ = kSaveEndpointService;
  phase_ = Phase::Descriptor;
  say(Turn{});
}

void Dialogue::on_descriptor() {
  phase_ = Phase::Request;
  input_.erase(0, 1);
  util::Received received = std::exchange(attached_, {});
  if (!input_.empty()) received = {};  // they came with a later byte
  received.bytes = 1;
  auto session = util::exactly_one(std::move(received));
  if (!session) {
    msg::warn("{}: unable to receive file descriptor: {}", service_, reason(session.error()));
    return say(StatusReply{ScacheStatus::Failed});
  }
  desk_.cache.save_endpoint(saving_.label, {std::move(saving_.property), *std::move(session)},
                            std::min(saving_.ttl, desk_.ttl_limit));
  desk_.statistics.endpoint_saved(desk_.cache.size());
  say(StatusReply{ScacheStatus::Ok});
}

void Dialogue::save_destination(ListReader& reader) {
  SaveDestination wanted;
  if (!read_request(reader, wanted) || wanted.ttl <= 0s)
    return refuse<StatusReply>(kSaveDestinationService);
  malformed_ = 0;
  desk_.cache.save_destination(wanted.label,
                               {.property = wanted.property, .endpoint = wanted.endpoint},
                               std::min(wanted.ttl, desk_.ttl_limit));
  desk_.statistics.destination_saved(desk_.cache.size());
  say(StatusReply{ScacheStatus::Ok});
}

void Dialogue::find_endpoint(ListReader& reader) {
  FindEndpoint wanted;
  if (!read_request(reader, wanted)) return refuse<EndpointReply>(kFindEndpointService);
  malformed_ = 0;
  auto found = desk_.cache.find_endpoint(wanted.label);
  desk_.statistics.endpoint_looked_up(found.has_value());
  if (!found) return say(EndpointReply{ScacheStatus::Failed, {}});
  say(EndpointReply{ScacheStatus::Ok, std::move(found->property)});
  hand_over(std::move(found->connection), kFindEndpointService);
}

void Dialogue::find_destination(ListReader& reader) {
  FindDestination wanted;
  if (!read_request(reader, wanted)) return refuse<DestinationReply>(kFindDestinationService);
  malformed_ = 0;
  auto found = desk_.cache.find_destination(wanted.label);
  desk_.statistics.destination_looked_up(found.has_value());
  if (!found) return say(DestinationReply{ScacheStatus::Failed, {}, {}});
  say(DestinationReply{ScacheStatus::Ok, std::move(found->property),
                       std::move(found->session.property)});
  hand_over(std::move(found->session.connection), kFindDestinationService);
}

void Dialogue::hand_over(util::UniqueFd session, std::string_view service) {
  found_ = std::move(session);
  service_ = service;
  phase_ = Phase::FirstTurn;
}

// Once it is sent the kernel keeps the descriptor for the client: ours can be closed.
void Dialogue::on_first_turn(std::string_view list) {
  const util::UniqueFd session = std::move(found_);
  ListReader reader(list, desk_.client_name);
  if (!reader.next(attr::kDummy)) {
    phase_ = Phase::Request;
    ++malformed_;
    msg::warn("{}: cannot send file descriptor: the client did not ask for it", service_);
    return;
  }
  reader.finish();
  phase_ = Phase::SecondTurn;
  if (const auto sent = util::send_fd(socket_.get(), session.get()); !sent) {
    msg::warn("{}: cannot send file descriptor: {}", service_, reason(sent.error()));
    failed_ = true;
  }
}

// A client that goes on with a request instead has its descriptor, too: not worth a word.
void Dialogue::on_second_turn(std::string_view list) {
  phase_ = Phase::Request;
  if (begins_with(list, attr::kRequest)) return on_request(list);
  if (!util::attr0::decode<Turn>(list, desk_.client_name)) ++malformed_;
}

// --- Clients that stop in the middle.

bool Dialogue::mid_request() const {
  return !input_.empty() || !output_.empty() || phase_ == Phase::Descriptor ||
         phase_ == Phase::FirstTurn;
}

// One timer at most, looked at when it fires: a request that is done in time costs nothing.
void Dialogue::watch_for_stall() {
  if (mid_request() && !stall_timer_.pending())
    stall_timer_ = desk_.scheduler.after(desk_.stall_limit, [this] { on_stall(); });
}

void Dialogue::on_stall() {
  if (!mid_request()) return;
  const auto silent_for = desk_.scheduler.now() - last_progress_;
  if (silent_for < desk_.stall_limit) {
    const auto left = std::chrono::ceil<util::Scheduler::Duration>(desk_.stall_limit - silent_for);
    stall_timer_ = desk_.scheduler.after(left, [this] { on_stall(); });
    return;
  }
  log_broken_off(true);
  gone_();
}

void Dialogue::log_broken_off(bool timed_out) const {
  const std::string why = timed_out ? util::errno_text(ETIMEDOUT) : "the client has gone";
  if (phase_ == Phase::Descriptor)
    return msg::warn("{}: unable to receive file descriptor: {}", service_, why);
  if (phase_ == Phase::FirstTurn)
    return msg::warn("{}: cannot send file descriptor: {}", service_, why);
  if (timed_out && !output_.empty())
    return msg::warn("timeout on {} while sending a reply", desk_.client_name);
  if (input_.empty()) return;
  const std::string_view where = scanner_.standing_at();
  if (timed_out)
    msg::warn("timeout on {} while reading input attribute {}", desk_.client_name, where);
  else if (input_.back() == '\0')
    msg::warn("premature end-of-input on {} while reading input attribute {}", desk_.client_name,
              where);
  else
    msg::warn("unexpected end-of-input from {} while reading input attribute {}", desk_.client_name,
              where);
}

}  // namespace handoff::global::scache
