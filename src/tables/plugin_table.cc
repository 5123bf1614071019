#include "tables/plugin_table.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "tables/match_list.h"
#include "tables/pattern_table.h"
#include "tables/settings.h"
#include "util/msg.h"
#include "util/text.h"
#include "util/text_file.h"

namespace handoff::tables {
namespace {

using plugin::into;
using plugin::Outcome;
using plugin::Plugin;
using plugin::Request;
using plugin::Severity;
using plugin::Sink;
using plugin::tell;
using plugin::Text;
using plugin::text_of;
using plugin::view;
using util::Error;
using util::Result;
using util::Status;

Error error_of(Outcome outcome, std::string reason) {
  return outcome == Outcome::Config ? misconfigured(std::move(reason))
                                    : unavailable(std::move(reason));
}

bool failed(Outcome outcome) {
  return outcome == Outcome::Retry || outcome == Outcome::Config;
}

// The parameters of a table that is described in a file of its own, or below a prefix in main.cf.
class TableSettings {
 public:
  explicit TableSettings(std::string_view name) : name_(name) {}

  Result<std::optional<std::string>> find(std::string_view parameter);

 private:
  Status read();
  Status enter(const util::LogicalLine& line);

  std::string name_;
  bool was_read_ = false;
  std::map<std::string, std::string, std::less<>> values_;
};

Result<std::optional<std::string>> TableSettings::find(std::string_view parameter) {
  if (!plugin::names_a_file(name_)) {
    const auto& main_cf = settings().parameter;
    if (!main_cf) return std::optional<std::string>();
    return main_cf(name_ + '_' + std::string(parameter));
  }
  if (!was_read_)
    if (Status done = read(); !done) return done.error();
  const auto found = values_.find(parameter);
  if (found == values_.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

Status TableSettings::read() {
  const Result<std::string> text = util::read_text_file(name_);
  if (!text) return text.error();
  for (const util::LogicalLine& line : util::logical_lines(*text, name_))
    if (Status entered = enter(line); !entered) return entered;
  was_read_ = true;
  return {};
}

Status TableSettings::enter(const util::LogicalLine& line) {
  const std::string place = name_ + ", line " + std::to_string(line.number);
  const std::string_view text = util::trim(line.text);
  const std::size_t equals = text.find('=');
  const std::string_view name = util::trim(text.substr(0, equals));
  if (equals == std::string_view::npos || name.find_first_of(" \t") != std::string_view::npos)
    return misconfigured(place + ": missing '=' after attribute name: \"" + std::string(text) +
                         '"');
  if (name.empty())
    return misconfigured(place + ": missing attribute name: \"" + std::string(text) + '"');
  std::string value(util::trim(text.substr(equals + 1)));
  const auto [entry, is_new] = values_.try_emplace(std::string(name));
  if (!is_new) msg::warn("{}: overriding earlier entry: {}={}", place, name, entry->second);
  entry->second = std::move(value);
  return {};
}

void log_line(Severity severity, Text text) {
  if (severity == Severity::Warning)
    msg::warn("{}", view(text));
  else
    msg::info("{}", view(text));
}

Outcome find_setting(void* context, Text parameter, Sink value) {
  const Result<std::optional<std::string>> found =
      static_cast<TableSettings*>(context)->find(view(parameter));
  if (!found) {
    tell(value, found.error().what);
    return Outcome::Config;
  }
  if (!*found) return Outcome::Absent;
  tell(value, **found);
  return Outcome::Done;
}

void* open_list(Text parameter, Text list, Sink reason) {
  Result<MatchList> parsed =
      MatchList::parse(view(list), {.parameter = std::string(view(parameter))});
  if (parsed) return std::make_unique<MatchList>(*std::move(parsed)).release();
  tell(reason, parsed.error().what);
  return nullptr;
}

Outcome match_list(void* list, Text name) {
  const Result<bool> matches = static_cast<MatchList*>(list)->match(view(name));
  if (!matches) return Outcome::Retry;
  return *matches ? Outcome::Done : Outcome::Absent;
}

void close_list(void* list) {
  delete static_cast<MatchList*>(list);
}

const plugin::Host& host() {
  static const plugin::Host host{log_line, find_setting, open_list, match_list, close_list};
  return host;
}

plugin::Mode mode_of(Access access) {
  switch (access) {
    case Access::Read:
      return plugin::Mode::Read;
    case Access::Write:
      return plugin::Mode::Write;
    case Access::Create:
      return plugin::Mode::Create;
  }
  return plugin::Mode::Read;
}

plugin::Nul nul_of(TrailingNul ending) {
  switch (ending) {
    case TrailingNul::Unknown:
      return plugin::Nul::Unknown;
    case TrailingNul::Without:
      return plugin::Nul::Without;
    case TrailingNul::With:
      return plugin::Nul::With;
  }
  return plugin::Nul::Unknown;
}

Request request_for(std::string_view type, std::string_view name, const TableOptions& options,
                    TableSettings* context) {
  Request request{};
  request.host = &host();
  request.context = context;
  request.type = text_of(type);
  request.name = text_of(name);
  request.mode = mode_of(options.access);
  request.trailing_nul = nul_of(options.trailing_nul);
  request.lock = options.lock;
  request.lock_while_open = options.lock_while_open;
  request.sync_updates = options.sync_updates;
  request.replace_duplicates = options.duplicates == Duplicates::Replace;
  request.no_substitution = options.no_substitution;
  request.read_cache_size = static_cast<std::uint64_t>(settings().berkeley_db_read_buffer_size);
  request.write_cache_size = static_cast<std::uint64_t>(settings().berkeley_db_create_buffer_size);
  request.map_size = static_cast<std::uint64_t>(settings().lmdb_map_size);
  return request;
}

// What happens to a key that is there already, and stays.
class DuplicatePolicy {
 public:
  DuplicatePolicy(const Plugin& plugin, std::string_view name, Duplicates duplicates)
      : duplicates_(duplicates) {
    if (plugin.label != nullptr) plugin.label(text_of(name), into(label_));
  }

  [[nodiscard]] Status on_duplicate(std::string_view key) const {
    const std::string text = label_ + ": duplicate entry: \"" + std::string(key) + '"';
    if (duplicates_ == Duplicates::Refuse) return misconfigured(text);
    if (duplicates_ == Duplicates::Warn) msg::warn("{}", text);
    return {};
  }

 private:
  std::string label_;
  Duplicates duplicates_;
};

class PluginTable final : public Table {
 public:
  PluginTable(const Plugin& plugin, std::string_view type, std::string_view name,
              const TableOptions& options)
      : Table(std::string(type) + ':' + std::string(name)),
        plugin_(plugin),
        settings_(name),
        duplicates_(plugin, name, options.duplicates) {}
  ~PluginTable() override {
    if (table_ != nullptr) plugin_.close(table_);
  }

  Status open(std::string_view type, std::string_view name, const TableOptions& options);

  Answer lookup(std::string_view key) override;
  Result<bool> update(std::string_view key, std::string_view value) override;
  Result<bool> remove(std::string_view key) override;
  Result<std::optional<Entry>> sequence(Step step) override;

  [[nodiscard]] Keys keys() const override {
    return properties_.literal_keys ? Keys::Literal : Keys::Pattern;
  }
  [[nodiscard]] bool changed() const override;
  [[nodiscard]] bool many_writers() const override { return properties_.many_writers; }

 private:
  const Plugin& plugin_;
  TableSettings settings_;
  DuplicatePolicy duplicates_;
  void* table_ = nullptr;
  plugin::Properties properties_{};
  struct timespec modified_ {};
};

Status PluginTable::open(std::string_view type, std::string_view name,
                         const TableOptions& options) {
  const Request request = request_for(type, name, options, &settings_);
  std::string reason;
  const Outcome outcome = plugin_.open(&request, &table_, into(reason));
  if (outcome != Outcome::Done) return error_of(outcome, std::move(reason));
  plugin_.properties(table_, &properties_);
  struct stat status {};
  if (properties_.descriptor >= 0 && ::fstat(properties_.descriptor, &status) == 0)
    modified_ = status.st_mtim;
  return {};
}

Answer PluginTable::lookup(std::string_view key) {
  std::string text;
  const Outcome outcome = plugin_.lookup(table_, text_of(key), into(text));
  if (failed(outcome)) return error_of(outcome, std::move(text));
  if (outcome != Outcome::Done) return std::optional<std::string>();
  return std::optional<std::string>(std::move(text));
}

Result<bool> PluginTable::update(std::string_view key, std::string_view value) {
  std::string reason;
  const Outcome outcome = plugin_.update(table_, text_of(key), text_of(value), into(reason));
  if (outcome == Outcome::Unsupported) return Table::update(key, value);
  if (failed(outcome)) return error_of(outcome, std::move(reason));
  if (outcome == Outcome::Done) return true;
  if (Status allowed = duplicates_.on_duplicate(key); !allowed) return allowed.error();
  return false;
}

Result<bool> PluginTable::remove(std::string_view key) {
  std::string reason;
  const Outcome outcome = plugin_.remove(table_, text_of(key), into(reason));
  if (outcome == Outcome::Unsupported) return Table::remove(key);
  if (failed(outcome)) return error_of(outcome, std::move(reason));
  return outcome == Outcome::Done;
}

Result<std::optional<Entry>> PluginTable::sequence(Step step) {
  Entry entry;
  const Outcome outcome =
      plugin_.next(table_, step == Step::First, into(entry.key), into(entry.value));
  if (outcome == Outcome::Unsupported) return Table::sequence(step);
  if (failed(outcome)) return error_of(outcome, std::move(entry.value));
  if (outcome != Outcome::Done) return std::optional<Entry>();
  return std::optional<Entry>(std::move(entry));
}

bool PluginTable::changed() const {
  struct stat status {};
  if (properties_.descriptor < 0 || ::fstat(properties_.descriptor, &status) < 0) return false;
  if (status.st_nlink == 0) return true;
  return !properties_.many_writers &&
         (status.st_mtim.tv_sec != modified_.tv_sec || status.st_mtim.tv_nsec != modified_.tv_nsec);
}

// Whatever goes wrong, somebody is told what, and tries again when it has been mended.
class PluginBuilder final : public TableBuilder {
 public:
  PluginBuilder(const Plugin& plugin, std::string_view name, const TableOptions& options)
      : plugin_(plugin), settings_(name), duplicates_(plugin, name, options.duplicates) {}
  ~PluginBuilder() override {
    if (builder_ != nullptr) plugin_.discard(builder_);
  }

  Status open(std::string_view type, std::string_view name, const TableOptions& options) {
    const Request request = request_for(type, name, options, &settings_);
    std::string reason;
    const Outcome outcome = plugin_.create(&request, &builder_, into(reason));
    return outcome == Outcome::Done ? Status() : misconfigured(std::move(reason));
  }

  Status put(std::string_view key, std::string_view value) override {
    std::string reason;
    const Outcome outcome = plugin_.put(builder_, text_of(key), text_of(value), into(reason));
    if (failed(outcome)) return misconfigured(std::move(reason));
    return outcome == Outcome::Done ? Status() : duplicates_.on_duplicate(key);
  }

  Status commit() override {
    std::string reason;
    const Outcome outcome = plugin_.commit(builder_, into(reason));
    return outcome == Outcome::Done ? Status() : misconfigured(std::move(reason));
  }

 private:
  const Plugin& plugin_;
  TableSettings settings_;
  DuplicatePolicy duplicates_;
  void* builder_ = nullptr;
};

}  // namespace

TableType plugin_type(std::string name, const Plugin& plugin) {
  if (plugin.expressions != nullptr)
    return plugin_pattern_type(std::move(name), *plugin.expressions);
  TableType type;
  type.name = name;
  type.open = [name, &plugin](std::string_view table, const TableOptions& options) -> OpenedTable {
    auto opened = std::make_unique<PluginTable>(plugin, name, table, options);
    if (Status open = opened->open(name, table, options); !open) return open.error();
    return std::unique_ptr<Table>(std::move(opened));
  };
  if (plugin.create == nullptr) return type;
  type.create = [name, &plugin](std::string_view table,
                                const TableOptions& options) -> CreatedTable {
    auto created = std::make_unique<PluginBuilder>(plugin, table, options);
    if (Status open = created->open(name, table, options); !open) return open.error();
    return std::unique_ptr<TableBuilder>(std::move(created));
  };
  return type;
}

}  // namespace handoff::tables
