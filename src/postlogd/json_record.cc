#include "postlogd/json_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "global/queue_id.h"
#include "postlogd/record.h"
#include "util/log_text.h"
#include "util/text.h"

namespace handoff::postlogd {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

// What kind of line it is, by a field that only this kind has.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kEvents{{
    {"nrcpt", "active"},        // qmgr: begins to deliver a message
    {"message-id", "message"},  // cleanup: a message has come in
    {"uid", "submission"},      // pickup
    {"client", "client"},       // smtpd
}};
constexpr std::array<std::string_view, 4> kWholeNumbers = {"conn_use", "nrcpt", "size", "uid"};

// --- Time.

std::optional<std::time_t> seconds_of(std::string_view stamp, std::time_t near) {
  std::tm local{};
  localtime_r(&near, &local);
  const int year = local.tm_year;
  const std::string text(stamp);
  const char* const end = strptime(text.c_str(), "%b %d %H:%M:%S", &local);
  if (end == nullptr || *end != '\0') return std::nullopt;
  local.tm_year = year;
  local.tm_isdst = -1;
  return std::mktime(&local);
}

// The sender's clock knows no milliseconds; ours does, but a record may have waited for us. What is
// farther away is the turn of a year, or of an hour in autumn.
Milliseconds time_of(std::string_view stamp, Milliseconds now) {
  constexpr std::time_t kLongestWait = 600;
  const std::time_t received = std::chrono::system_clock::to_time_t(now);
  const auto sent = seconds_of(stamp, received);
  if (!sent || *sent >= received || received - *sent > kLongestWait) return now;
  return Milliseconds(std::chrono::seconds(*sent));
}

// --- The text.

std::string_view severity(std::string_view text) {
  const std::string_view label = util::msg::label(level_of(text));
  return label.empty() ? "info" : label.substr(0, label.find(':'));
}

// Takes "4jX4QD3xp6z1c78D: " or "6DCE2A84896: " off the front.
std::string_view take_queue_id(std::string_view& text) {
  constexpr std::size_t kShortest = 6;
  const std::string_view id = text.substr(0, text.find(": "));
  const bool is_hexadecimal =
      id.size() >= kShortest && id.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
  if (id.size() == text.size() || !(is_hexadecimal || global::is_long_queue_id(id))) return {};
  text.remove_prefix(id.size() + 2);
  return id;
}

// Takes "key=" off the front.
std::string_view take_key(std::string_view& text) {
  const std::size_t length = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-");
  if (length == 0 || length == std::string_view::npos || text[length] != '=') return {};
  const std::string_view key = text.substr(0, length);
  text.remove_prefix(length + 1);
  return key;
}

// Takes "value" or "<value>" off the front. An address may contain ">", but hardly before a blank.
std::string_view take_value(std::string_view& text) {
  if (text.starts_with('<')) {
    for (std::size_t end = text.find('>'); end != std::string_view::npos;
         end = text.find('>', end + 1)) {
      const std::string_view rest = text.substr(end + 1);
      if (!rest.empty() && !rest.starts_with(' ') && !rest.starts_with(", ")) continue;
      const std::string_view value = text.substr(1, end - 1);
      text = rest;
      return value;
    }
  }
  std::size_t end = text.find(' ');
  if (end != std::string_view::npos && end > 0 && text[end - 1] == ',') --end;
  const std::string_view value = text.substr(0, end);
  text.remove_prefix(value.size());
  return value;
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Json delays(std::string_view text) {
  Json values = Json::array();
  for (const std::string_view part : util::split(text, "/")) {
    const auto seconds = number<double>(part);
    if (!seconds) return std::string(text);
    values.push_back(*seconds);
  }
  return values;
}

Json typed(std::string_view key, std::string_view value) {
  if (key == "delays") return delays(value);
  if (key == "delay") {
    if (const auto seconds = number<double>(value)) return *seconds;
  } else if (std::ranges::find(kWholeNumbers, key) != kWholeNumbers.end()) {
    if (const auto whole = number<std::int64_t>(value)) return *whole;
  }
  return std::string(value);
}

// Without the parentheses; the second one has gone with the end of a line that was too long.
std::optional<std::string_view> detail(std::string_view text, bool is_cut) {
  if (!text.starts_with('(')) return std::nullopt;
  text.remove_prefix(1);
  if (text.ends_with(')')) return text.substr(0, text.size() - 1);
  if (is_cut) return text;
  return std::nullopt;
}

// "to=<a@b>, relay=none, delay=0.1, status=deferred (no route)". Ends where it ends.
Json fields_of(std::string_view text, bool is_cut) {
  Json fields = Json::object();
  while (true) {
    const std::string_view key = take_key(text);
    if (key.empty()) break;
    fields[std::string(key)] = typed(key, take_value(text));
    if (text.starts_with(',')) text.remove_prefix(1);
    text = util::trim_left(text);
  }
  if (fields.empty()) return fields;
  if (const auto said = detail(text, is_cut)) fields["detail"] = std::string(*said);
  return fields;
}

// "to" is there when it is about one recipient, as smtp(8) and error(8) say it.
std::string_view event_of(const Json& fields, std::string_view text) {
  if (const auto status = fields.find("status"); status != fields.end()) {
    if (fields.contains("to")) return "delivery";
    return status->get_ref<const std::string&>().ends_with("expired") ? "expired" : "";
  }
  for (const auto& [field, event] : kEvents) {
    if (fields.contains(field)) return event;
  }
  return text == "removed" ? text : std::string_view();
}

// "postfix/relay/smtp[123]": the program, and the service where it has another name.
void put_sender(Json& object, std::string_view sender) {
  const std::size_t bracket = sender.rfind('[');
  const std::string_view tag = sender.substr(0, bracket);
  const std::size_t slash = tag.rfind('/');
  const std::string_view program = tag.substr(slash + 1);  // npos + 1 is 0
  const std::string_view before = tag.substr(0, slash == std::string_view::npos ? 0 : slash);
  const std::size_t other = before.find('/');
  const std::string_view service =
      other == std::string_view::npos ? program : before.substr(other + 1);
  object["service"] = std::string(service);
  object["program"] = std::string(program);
  if (bracket == std::string_view::npos) return;
  const std::string_view pid = sender.substr(bracket + 1, sender.size() - bracket - 2);
  if (const auto value = number<int>(pid)) object["pid"] = *value;
}

void put_text(Json& object, std::string_view text) {
  object["severity"] = severity(text);
  std::string_view rest = text;
  rest.remove_prefix(util::msg::label(level_of(text)).size());
  const bool is_cut = rest.size() >= util::kLongestLogText;
  if (const auto id = take_queue_id(rest); !id.empty()) object["queue_id"] = std::string(id);
  Json fields = fields_of(rest, is_cut);
  if (const auto session = fields.find("session"); session != fields.end()) {
    object["session"] = *session;
    fields.erase(session);
  }
  if (const auto event = event_of(fields, rest); !event.empty()) object["event"] = event;
  if (!fields.empty()) object["fields"] = std::move(fields);
  object["message"] = std::string(text);
}

// What is not UTF-8 becomes U+FFFD.
std::string encoded(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string rfc3339(Milliseconds time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  const auto rest = time - Milliseconds(std::chrono::seconds(seconds));
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  return fmt::format("{}.{:03}Z", std::string_view(text.data(), length), rest.count());
}

std::string json_record(std::string_view record, Milliseconds now, std::string_view session) {
  Json object;
  const auto parsed = parse_record(record);
  if (!parsed) {
    object["time"] = rfc3339(now);
    object["message"] = std::string(record);
    return encoded(object);
  }
  object["time"] = rfc3339(time_of(parsed->stamp, now));
  object["host"] = std::string(parsed->host);
  put_sender(object, parsed->sender);
  if (!session.empty()) object["session"] = std::string(session);
  put_text(object, parsed->text);
  return encoded(object);
}

std::string json_loss(std::uint64_t count, Milliseconds now) {
  return encoded(Json{{"time", rfc3339(now)}, {"severity", "warning"}, {"lost", count}});
}

}  // namespace handoff::postlogd
