#include "postmap/asker.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "postmap/input.h"
#include "postmap/message_keys.h"
#include "util/msg.h"
#include "util/result.h"
#include "util/text.h"

namespace handoff::postmap {
namespace {

using tables::Table;
using util::Error;
using util::Result;

constexpr std::string_view kStandardInput = "-";
constexpr std::string_view kProxy = "proxy:";
constexpr std::size_t kShownOfValue = 30;

// "table T:N: query error: Connection refused"
[[noreturn]] void fail(const Table& table, std::string_view operation, const Error& error) {
  if (tables::is_misconfigured(error)) msg::fatal("table {}: {} error", table.name(), operation);
  msg::fatal("table {}: {} error: {}", table.name(), operation, util::errno_text(error.code));
}

// An operation that the type does not have has a text of its own.
[[noreturn]] void fail_to_change(const Table& table, std::string_view operation,
                                 const Error& error) {
  if (tables::is_misconfigured(error)) msg::fatal("{}", error.what);
  fail(table, operation, error);
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
    msg::fatal("write error: {}", util::errno_text(errno));
}

void flush() {
  if (std::fflush(stdout) != 0) msg::fatal("write error: {}", util::errno_text(errno));
}

}  // namespace

Asker::Asker(const Options& options, tables::Access access)
    : options_(options), table_options_(options.table_options()), tables_(options.names.size()) {
  table_options_.access = access;
  table_options_.lock = true;
}

Table& Asker::table(std::size_t index) {
  tables::SharedTable& table = tables_[index];
  if (!table) table = tables::open_table(options_.names[index], table_options_);
  return *table;
}

std::optional<std::string> Asker::found_value(const Table& table, std::string_view key,
                                              std::string value) {
  if (value.empty()) {
    msg::warn("table {}: key {}: empty string result is not allowed", table.name(), key);
    msg::warn("table {} should return NO RESULT in case of NOT FOUND", table.name());
  }
  return shown_value(table, key, std::move(value));
}

std::optional<std::string> Asker::listed_value(const Table& table, std::string_view key,
                                               std::string value) {
  if (!key.empty()) return found_value(table, key, std::move(value));
  msg::warn("table {}: empty lookup key value is not allowed", table.name());
  return shown_value(table, key, std::move(value));
}

std::optional<std::string> Asker::shown_value(const Table& table, std::string_view key,
                                              std::string value) {
  if (!options_.values_are_files) return value;
  std::optional<std::string> content = util::base64_decode(value);
  if (content) return content->substr(0, content->find('\0'));
  msg::warn("table {}: key {}: malformed BASE64 value: {}", table.name(), key,
            std::string_view(value).substr(0, kShownOfValue));
  return std::nullopt;
}

std::optional<std::string> Asker::find(const std::string& key) {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    tables::Answer answer = table(i).lookup(key);
    if (!answer) fail(table(i), "query", answer.error());
    if (!*answer) continue;
    auto value = found_value(table(i), key, **std::move(answer));
    if (!value) fail(table(i), "query", tables::misconfigured("malformed value"));
    return value;
  }
  return std::nullopt;
}

bool Asker::query_one(const std::string& key, bool show_key) {
  const std::optional<std::string> value = find(key);
  if (!value) return false;
  print(show_key ? key + '\t' + *value + '\n' : *value + '\n');
  return true;
}

bool Asker::query_input() {
  bool found = false;
  const auto ask = [&](const std::string& key) { found |= query_one(key, true); };
  if (!options_.reads_message()) {
    for_each_input_line(ask);
    return found;
  }
  MessageKeys keys({options_.headers, options_.body, options_.mime}, ask);
  for_each_input_line([&](const std::string& line) { keys.line(line); });
  keys.end();
  return found;
}

int Asker::query() {
  const bool found =
      options_.key == kStandardInput ? query_input() : query_one(options_.key, false);
  flush();
  return found ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool Asker::remove_one(const std::string& key) {
  bool removed = false;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const Result<bool> done = table(i).remove(key);
    if (!done) fail_to_change(table(i), "delete", done.error());
    removed |= *done;
  }
  return removed;
}

int Asker::remove() {
  bool removed = false;
  if (options_.key == kStandardInput)
    for_each_input_line([&](const std::string& key) { removed |= remove_one(key); });
  else
    removed = remove_one(options_.key);
  return removed ? EXIT_SUCCESS : EXIT_FAILURE;
}

// The first table only; the others are not looked at.
int Asker::list() {
  if (std::string_view(options_.names.front()).starts_with(kProxy))
    msg::fatal("can't sequence maps via the proxy service");
  Table& all = table(0);
  for (Table::Step step = Table::Step::First;; step = Table::Step::Next) {
    Result<std::optional<tables::Entry>> entry = all.sequence(step);
    if (!entry) fail_to_change(all, "sequence", entry.error());
    if (!*entry) break;
    const auto value = listed_value(all, (*entry)->key, std::move((*entry)->value));
    if (value) print((*entry)->key + '\t' + *value + '\n');
  }
  flush();
  return EXIT_SUCCESS;
}

}  // namespace handoff::postmap
