#include "global/scache_extension_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "global/scache_extension_proto.h"
#include "global/scache_inspection.h"

namespace handoff::global::scache {
namespace {

using util::UniqueFd;
using util::attr0::ListReader;

using namespace std::chrono_literals;

using Served = std::optional<Answer>;

// What a request has to say besides its attributes.
struct Call {
  Desk& desk;
  ListReader& reader;
  UniqueFd attached;
  std::string& complaint;

  // Nothing when the attributes are not those of a Request.
  template <typename Request>
  std::optional<Request> read() {
    Request request;
    if (!read_fields(reader, request)) return std::nullopt;
    reader.finish();
    return request;
  }
  Served malformed(std::string_view why) {
    complaint = why;
    return std::nullopt;
  }
};

template <typename Reply>
Answer answer_with(const Reply& reply, UniqueFd connection = {}) {
  return {util::attr0::encode(reply), std::move(connection)};
}

// --- The requests.

// The destination first, as with two requests on the first socket.
void keep(Desk& desk, Save& wanted, UniqueFd connection) {
  const auto ttl = std::min<SessionCache::Ttl>(wanted.ttl, desk.ttl_limit);
  if (const auto& binding = wanted.binding) {
    desk.cache.save_destination(binding->destination,
                                {.property = binding->property, .endpoint = wanted.endpoint}, ttl);
    desk.statistics.destination_saved(desk.cache.size());
  }
  if (auto& session = wanted.session) {
    desk.cache.save_endpoint(wanted.endpoint,
                             {.property = std::move(session->property),
                              .connection = std::move(connection),
                              .farewell = std::move(session->farewell)},
                             ttl);
    desk.statistics.endpoint_saved(desk.cache.size());
  }
}

// A client that has given up has kept its session: two must not have it. So it is told first.
Served save(Call call) {
  auto wanted = call.read<Save>();
  if (!wanted) return std::nullopt;
  if (wanted->ttl <= 0ms) return call.malformed("time to live of zero, or less");
  if (!wanted->session && !wanted->binding) return call.malformed("nothing to be saved");
  if (wanted->session.has_value() != static_cast<bool>(call.attached))
    return call.malformed(wanted->session ? "session without descriptor" : "surplus descriptor");
  Answer answer = answer_with(StatusReply{ScacheStatus::Ok});
  const auto connection = std::make_shared<UniqueFd>(std::move(call.attached));
  answer.then = [&desk = call.desk, wanted = *std::move(wanted), connection]() mutable {
    keep(desk, wanted, std::move(*connection));
  };
  return answer;
}

Answer found_endpoint(Desk& desk, const std::string& label) {
  auto found = desk.cache.find_endpoint(label);
  desk.statistics.endpoint_looked_up(found.has_value());
  if (!found) return answer_with(FindReply{});
  return answer_with(FindReply{.status = ScacheStatus::Ok,
                               .destination_property = {},
                               .endpoint_property = std::move(found->property)},
                     std::move(found->connection));
}

Answer found_destination(Desk& desk, const std::string& label) {
  auto found = desk.cache.find_destination(label);
  desk.statistics.destination_looked_up(found.has_value());
  if (!found) return answer_with(FindReply{});
  return answer_with(FindReply{.status = ScacheStatus::Ok,
                               .destination_property = std::move(found->property),
                               .endpoint_property = std::move(found->session.property)},
                     std::move(found->session.connection));
}

Served find(Call call) {
  const auto wanted = call.read<Find>();
  if (!wanted) return std::nullopt;
  if (wanted->destination.has_value() == wanted->endpoint.has_value())
    return call.malformed("looks for an endpoint, or for a destination, not for both");
  return wanted->endpoint ? found_endpoint(call.desk, *wanted->endpoint)
                          : found_destination(call.desk, *wanted->destination);
}

// --- Looking inside.

Served show_statistics(Call call) {
  if (!call.read<ShowStatistics>()) return std::nullopt;
  return answer_with(call.desk.inspection->statistics());
}

Served show_contents(Call call) {
  if (!call.read<ShowContents>()) return std::nullopt;
  auto contents = call.desk.inspection->contents();
  if (!contents) return answer_with(StatusReply{ScacheStatus::Failed});
  return answer_with(StatusReply{ScacheStatus::Ok}, *std::move(contents));
}

Served flush(Call call) {
  const auto wanted = call.read<Flush>();
  if (!wanted) return std::nullopt;
  return answer_with(call.desk.inspection->flush(wanted->pattern));
}

struct Request {
  std::string_view name;
  Served (*serve)(Call call);
  bool may_bring_descriptor = false;
  bool looks_inside = false;
};

constexpr std::array kRequests{
    Request{Save::kName, save, true},
    Request{Find::kName, find},
    Request{.name = ShowStatistics::kName, .serve = show_statistics, .looks_inside = true},
    Request{.name = ShowContents::kName, .serve = show_contents, .looks_inside = true},
    Request{.name = Flush::kName, .serve = flush, .looks_inside = true},
};

}  // namespace

std::optional<Answer> serve_extension_request(Desk& desk, ListReader& reader, UniqueFd attached,
                                              std::string& complaint) {
  const auto name = reader.next(attr::kRequest);
  if (!name) return std::nullopt;
  const auto* const request = std::ranges::find(kRequests, *name, &Request::name);
  Call call{desk, reader, std::move(attached), complaint};
  if (request == kRequests.end() || (request->looks_inside && desk.inspection == nullptr))
    return call.malformed(fmt::format("unrecognized request: \"{}\"", *name));
  if (call.attached && !request->may_bring_descriptor) return call.malformed("surplus descriptor");
  return request->serve(std::move(call));
}

}  // namespace handoff::global::scache
