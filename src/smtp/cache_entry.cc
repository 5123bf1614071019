#include "smtp/cache_entry.h"

#include <fmt/format.h>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::smtp {

namespace {

constexpr std::string_view kNotAvailable = "*";
constexpr int kTlsMay = 1;
constexpr int kTlsEncrypt = 2;

namespace property {
constexpr std::string_view kDestination = "destination";
constexpr std::string_view kHostName = "host_name";
constexpr std::string_view kHostAddress = "host_addr";
constexpr std::string_view kDestinationFeatures = "destination_features";
constexpr std::string_view kTlsLevel = "tls_level";
constexpr std::string_view kReuseCount = "reuse_count";
constexpr std::string_view kEndpointFeatures = "endpoint_features";
constexpr std::string_view kExpireTime = "expire_time";
}  // namespace property

// --- Labels: fields, each with a newline.

void add_field(std::string& label, std::string_view value) {
  if (value.empty())
    label += kNotAvailable;
  else if (value.find_first_of("\n*") != std::string_view::npos)
    label += util::base64_encode(value);
  else
    label += value;
  label += '\n';
}

void add_field(std::string& label, int value) {
  label += fmt::format("{}\n", value);
}

// --- Properties: lists of "name=value" lines, each ended by an empty line.

class PropertyReader {
 public:
  explicit PropertyReader(std::string_view text) : rest_(text) {}

  // Unknown attributes may stand before the one that is asked for.
  std::optional<std::string_view> text(std::string_view name) {
    while (auto line = next_line()) {
      const std::size_t equals = line->find('=');
      if (line->empty() || equals == std::string_view::npos) return std::nullopt;
      if (line->substr(0, equals) == name) return line->substr(equals + 1);
    }
    return std::nullopt;
  }

  template <typename Number>
  bool number(std::string_view name, Number& value) {
    const auto digits = text(name);
    if (!digits || digits->empty() || !util::is_digit(digits->front())) return false;
    const auto parsed = util::to_int64(*digits);
    if (!parsed || !std::in_range<Number>(*parsed)) return false;
    value = static_cast<Number>(*parsed);
    return true;
  }

  bool end_of_list() {
    while (auto line = next_line())
      if (line->empty()) return true;
    return false;
  }

  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::optional<std::string_view> next_line() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  std::string_view rest_;
};

bool read_endpoint(std::string_view text, SessionState& session) {
  PropertyReader reader(text);
  std::int64_t expire_time = 0;
  if (!reader.number(property::kTlsLevel, session.tls_level) ||
      !reader.number(property::kReuseCount, session.reuse_count) ||
      !reader.number(property::kEndpointFeatures, session.features) ||
      !reader.number(property::kExpireTime, expire_time) || !reader.end_of_list())
    return false;
  session.life = SessionLife::until(expire_time);
  if (session.tls_level >= kTlsMay) session.tls_context = reader.rest();
  return session.tls_level <= kTlsMay || !session.tls_context.empty();
}

bool read_destination(std::string_view text, SessionState& session) {
  PropertyReader reader(text);
  const auto next_hop = reader.text(property::kDestination);
  const auto host = reader.text(property::kHostName);
  const auto address = reader.text(property::kHostAddress);
  feature::Set features = 0;
  if (!next_hop || !host || !address || !reader.number(property::kDestinationFeatures, features) ||
      !reader.end_of_list())
    return false;
  session.server.next_hop = *next_hop;
  session.server.host = *host;
  session.server.address = *address;
  session.features |= features;
  return true;
}

}  // namespace

std::string destination_label(const LabelScope& scope, std::string_view next_hop) {
  std::string label;
  add_field(label, scope.service);
  if (scope.sender) add_field(label, *scope.sender);
  add_field(label, next_hop);
  return label;
}

std::string endpoint_label(const LabelScope& scope, const Server& server, int tls_level) {
  std::string label;
  add_field(label, scope.service);
  if (scope.sender) add_field(label, *scope.sender);
  if (scope.with_credentials || tls_level > kTlsEncrypt) add_field(label, server.next_hop);
  if (scope.with_credentials) add_field(label, server.host);
  add_field(label, server.address);
  add_field(label, server.port);
  add_field(label, tls_level);
  return label;
}

std::string destination_property(const SessionState& session) {
  return fmt::format("{}={}\n{}={}\n{}={}\n{}={}\n\n", property::kDestination,
                     session.server.next_hop, property::kHostName, session.server.host,
                     property::kHostAddress, session.server.address, property::kDestinationFeatures,
                     session.features & feature::kDestinationMask);
}

std::string endpoint_property(const SessionState& session) {
  return fmt::format("{}={}\n{}={}\n{}={}\n{}={}\n\n{}", property::kTlsLevel, session.tls_level,
                     property::kReuseCount, session.reuse_count, property::kEndpointFeatures,
                     session.features & feature::kEndpointMask, property::kExpireTime,
                     session.life.expire_time(), session.tls_context);
}

std::optional<SessionState> activate(const Server& server, std::string_view destination,
                                     std::string_view endpoint) {
  SessionState session;
  session.server = server;
  if (!read_endpoint(endpoint, session)) {
    msg::warn("smtp_session_activate: bad cached endp properties");
    return std::nullopt;
  }
  if (!destination.empty() && !read_destination(destination, session)) {
    msg::warn("smtp_session_passivate: bad cached dest properties");
    return std::nullopt;
  }
  session.features |= feature::kFromCache;
  ++session.reuse_count;
  return session;
}

}  // namespace handoff::smtp
