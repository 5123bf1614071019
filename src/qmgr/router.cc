#include "qmgr/router.h"

#include <algorithm>
#include <map>
#include <utility>

#include "global/mail_proto.h"
#include "util/text.h"

namespace handoff::qmgr {

namespace flag = global::resolve_flag;
namespace transport = global::transport;
using global::Dsn;
using global::Recipient;
using global::Resolution;

namespace {

std::string_view domain_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

std::string_view local_part_of(std::string_view address) {
  return address.substr(0, address.rfind('@'));
}

// By domain, so that recipients with the same way come together and look-ups are remembered.
void sort_recipients(std::vector<Recipient>& recipients) {
  const auto key = [](const Recipient& r) {
    return std::pair(util::to_lower(domain_of(r.address)), std::string_view(r.address));
  };
  std::stable_sort(recipients.begin(), recipients.end(),
                   [&](const Recipient& a, const Recipient& b) { return key(a) < key(b); });
}

}  // namespace

std::string as_nexthop(const Dsn& dsn) {
  return dsn.status + " " + dsn.reason;
}

Router::Router(ResolverClient& resolver, Dispatcher& dispatcher, Options options)
    : resolver_(resolver), dispatcher_(dispatcher), options_(std::move(options)) {}

void Router::route(Message& message, std::vector<Recipient> recipients, Done done) {
  sort_recipients(recipients);
  if (const std::string& redirect = message.envelope.redirect; !redirect.empty()) {
    recipients.resize(std::min<std::size_t>(recipients.size(), 1));
    for (Recipient& recipient : recipients) recipient.address = redirect;
  }
  go_on(std::make_shared<Job>(Job{message, std::move(recipients), {}, {}, 0, std::move(done)}));
}

// As far as possible without asking; then from the answer on.
void Router::go_on(const JobPtr& job) {
  const global::Envelope& envelope = job->message.envelope;
  while (job->next < job->recipients.size()) {
    const Recipient& recipient = job->recipients[job->next];
    if (!envelope.filter.empty() && !job->message.is_probe()) {
      job->ways.push_back(filter_way(job->message, recipient));
      ++job->next;
      continue;
    }
    global::ResolveRequest request;
    if (job->message.is_probe()) request.request = global::rewrite_request::kVerify;
    request.sender = envelope.sender;
    request.address = recipient.address;
    if (const Resolution* known = resolver_.remembered(request)) {
      take(*job, *known);
      continue;
    }
    return resolver_.resolve(std::move(request), [this, job](const Resolution& resolution) {
      take(*job, resolution);
      go_on(job);
    });
  }
  finish(*job);
}

void Router::take(Job& job, const Resolution& resolution) {
  Recipient& recipient = job.recipients[job.next];
  if (is_double_bounce(resolution)) {
    job.discarded.push_back(std::move(recipient));
    job.recipients.erase(job.recipients.begin() + static_cast<std::ptrdiff_t>(job.next));
    return;
  }
  job.ways.push_back(way_of(job.message, resolution));
  constexpr int kBad = flag::kFail | flag::kError;
  if ((resolution.flags & kBad) == 0 && !resolution.recipient.empty())
    recipient.address = resolution.recipient;
  ++job.next;
}

Router::Way Router::filter_way(const Message& message, const Recipient& recipient) const {
  const std::string& filter = message.envelope.filter;
  const std::size_t colon = filter.find(':');
  Way way{filter.substr(0, colon), colon == std::string::npos ? "" : filter.substr(colon + 1)};
  if (way.nexthop.empty()) way.nexthop = options_.default_filter_nexthop;
  if (way.nexthop.empty()) way.nexthop = domain_of(recipient.address);
  if (way.nexthop.empty()) way.nexthop = options_.myhostname;
  return way;
}

Router::Way Router::way_of(const Message& message, const Resolution& resolution) const {
  const auto retry = [](std::string_view status, std::string_view reason) {
    return Way{std::string(transport::kRetry), as_nexthop(Dsn::simple(status, reason))};
  };
  const auto error = [](std::string_view status, std::string_view reason) {
    return Way{std::string(transport::kError), as_nexthop(Dsn::simple(status, reason))};
  };
  if ((resolution.flags & flag::kFail) != 0) return retry("4.3.0", "address resolver failure");
  if ((resolution.flags & flag::kError) != 0) return error("5.1.3", "bad address syntax");
  if (resolution.recipient.empty()) return error("5.1.3", "null recipient address");
  if (message.force_expired) return retry("4.7.0", "message is administratively expired");
  if (message.is_probe() && probes_ > options_.probe_limit)
    return retry("4.3.2", "Too many address verification requests");
  return {resolution.transport, resolution.nexthop};
}

bool Router::is_double_bounce(const Resolution& resolution) const {
  return (resolution.flags & flag::kClassLocal) != 0 && (resolution.flags & flag::kError) == 0 &&
         util::equal_ignoring_case(local_part_of(resolution.recipient),
                                   local_part_of(options_.double_bounce_sender));
}

std::string Router::queue_name(const Transport& of, const std::string& nexthop,
                               const std::string& recipient) const {
  const bool one_by_one = of.settings.recipient_limit == 1 && of.name != transport::kError &&
                          of.name != transport::kRetry;
  if (!one_by_one) return util::to_lower(nexthop);
  std::string_view user = local_part_of(recipient);
  if (const auto shorter = global::without_extension(user, options_.extensions); !shorter.empty())
    user = shorter;
  return util::to_lower(std::string(user) + '@' + nexthop);
}

// Where mail on this way waits: behind "retry" when the way is blocked.
Destination& Router::destination_for(const Message& message, const Way& way,
                                     const Recipient& recipient) {
  Transport& wanted = dispatcher_.transport(way.transport);
  if (message.unthrottle) dispatcher_.unthrottle(wanted);
  const auto instead = [&](const Dsn& why) -> Destination& {
    Transport& retry = dispatcher_.transport(std::string(transport::kRetry));
    const std::string nexthop = as_nexthop(why);
    return dispatcher_.destination(retry, queue_name(retry, nexthop, recipient.address), nexthop);
  };
  const auto& held = options_.defer_transports;
  if (!flushing_ && std::find(held.begin(), held.end(), way.transport) != held.end())
    return instead(Dsn::simple("4.3.2", "deferred transport"));
  if (wanted.dead && wanted.name != transport::kRetry) return instead(wanted.why_dead);
  const std::string name = queue_name(wanted, way.nexthop, recipient.address);
  auto known = wanted.destinations.find(name);
  if (known != wanted.destinations.end() && message.unthrottle) {
    dispatcher_.unthrottle(*known->second);  // may forget it
    known = wanted.destinations.find(name);
  }
  if (known != wanted.destinations.end() && known->second->dead() &&
      wanted.name != transport::kRetry)
    return instead(known->second->why_dead);
  return dispatcher_.destination(wanted, name, way.nexthop);
}

std::size_t Router::recipient_limit(const Message& message, const Transport& of) const {
  if (message.one_recipient_per_request()) return 1;
  const int limit = of.settings.recipient_limit;
  return limit > 0 ? static_cast<std::size_t>(limit) : static_cast<std::size_t>(-1);
}

void Router::finish(Job& job) {
  Result result;
  std::map<Destination*, Entry*> open;
  for (std::size_t i = 0; i < job.recipients.size(); ++i) {
    Destination& destination = destination_for(job.message, job.ways[i], job.recipients[i]);
    Entry*& entry = open[&destination];
    const std::size_t limit = recipient_limit(job.message, destination.transport);
    if (entry == nullptr || entry->recipients.size() >= limit) {
      result.entries.push_back(std::make_unique<Entry>());
      entry = result.entries.back().get();
      entry->message = &job.message;
      entry->transport = &destination.transport;
      entry->destination = &destination;
    }
    entry->recipients.push_back(std::move(job.recipients[i]));
  }
  result.discarded = std::move(job.discarded);
  const Done done = std::move(job.done);
  done(std::move(result));
}

}  // namespace handoff::qmgr
