// pipemap:, unionmap: and randmap:, which are made of other tables, or of values.
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tables/source_file.h"
#include "tables/table_types.h"
#include "util/braces.h"

namespace handoff::tables {
namespace {

using util::Error;
using util::Result;
using util::Status;

constexpr std::string_view kSeparators = ", \t\r\n";

// The words in "{a, b}", braces around single ones and all. Empty when it is not such a list.
std::vector<std::string_view> words_in(std::string_view name) {
  std::vector<std::string_view> words;
  const Result<std::string_view> list = util::without_braces(name);
  if (!list || !name.starts_with('{')) return words;
  std::string_view rest = *list;
  while (true) {
    const std::string_view word = util::next_brace_word(rest, kSeparators);
    if (word.empty()) return words;
    words.push_back(word);
  }
}

Error bad_syntax(std::string_view type, std::string_view name, std::string_view form) {
  const std::string prefix = std::string(type) + ":";
  return Error::syntax("bad syntax: \"" + prefix + std::string(name) + "\"; need \"" + prefix +
                       std::string(form) + '"');
}

using Parts = std::vector<SharedTable>;

Result<Parts> open_parts(std::string_view type, std::string_view name,
                         const TableOptions& options) {
  if (Status allowed = require_read_only(type, name, options); !allowed) return allowed.error();
  const std::vector<std::string_view> words = words_in(name);
  bool good = !words.empty();
  for (const std::string_view word : words) good = good && word.find(':') != std::string_view::npos;
  if (!good) return bad_syntax(type, name, "{type:name...}");
  Parts parts;
  for (const std::string_view word : words) {
    Result<SharedTable> part = try_open_table(word, options);
    if (!part) return part.error();
    parts.push_back(*std::move(part));
  }
  return parts;
}

class CombinedTable : public Table {
 public:
  [[nodiscard]] Keys keys() const override { return parts_.front()->keys(); }

 protected:
  CombinedTable(std::string name, Parts parts) : Table(std::move(name)), parts_(std::move(parts)) {}

  [[nodiscard]] const Parts& parts() const { return parts_; }

 private:
  Parts parts_;
};

// What one table answers is the next one's key.
class PipeTable final : public CombinedTable {
 public:
  PipeTable(std::string_view name, Parts parts)
      : CombinedTable("pipemap:" + std::string(name), std::move(parts)) {}

  Answer lookup(std::string_view key) override {
    std::string text(key);
    for (const SharedTable& part : parts()) {
      Answer answer = part->lookup(text);
      if (!answer || !*answer) return answer;
      text = **std::move(answer);
    }
    return std::optional(std::move(text));
  }
};

class UnionTable final : public CombinedTable {
 public:
  UnionTable(std::string_view name, Parts parts)
      : CombinedTable("unionmap:" + std::string(name), std::move(parts)) {}

  // Nothing, also, when all there is is empty: as in stock.
  Answer lookup(std::string_view key) override {
    std::string all;
    for (const SharedTable& part : parts()) {
      Answer answer = part->lookup(key);
      if (!answer) return answer;
      if (!*answer) continue;
      if (!all.empty()) all += ',';
      all += **answer;
    }
    if (all.empty()) return std::optional<std::string>();
    return std::optional(std::move(all));
  }
};

class RandomTable final : public Table {
 public:
  RandomTable(std::string_view name, std::vector<std::string> values)
      : Table("randmap:" + std::string(name)), values_(std::move(values)) {}

  [[nodiscard]] Keys keys() const override { return Keys::Pattern; }
  Answer lookup(std::string_view) override {
    std::uniform_int_distribution<std::size_t> any(0, values_.size() - 1);
    return std::optional(values_[any(random_)]);
  }

 private:
  std::vector<std::string> values_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace

OpenedTable open_pipe_table(std::string_view name, const TableOptions& options) {
  Result<Parts> parts = open_parts("pipemap", name, options);
  if (!parts) return parts.error();
  return std::unique_ptr<Table>(std::make_unique<PipeTable>(name, *std::move(parts)));
}

OpenedTable open_union_table(std::string_view name, const TableOptions& options) {
  Result<Parts> parts = open_parts("unionmap", name, options);
  if (!parts) return parts.error();
  return std::unique_ptr<Table>(std::make_unique<UnionTable>(name, *std::move(parts)));
}

OpenedTable open_random_table(std::string_view name, const TableOptions& options) {
  if (Status allowed = require_read_only("randmap", name, options); !allowed)
    return allowed.error();
  std::vector<std::string> values;
  for (const std::string_view word : words_in(name)) {
    Result<std::string> value = options.values_are_files ? encode_files(word) : std::string(word);
    if (!value) return value.error();
    values.push_back(*std::move(value));
  }
  if (values.empty()) return bad_syntax("randmap", name, "{value...}");
  return std::unique_ptr<Table>(std::make_unique<RandomTable>(name, std::move(values)));
}

}  // namespace handoff::tables
