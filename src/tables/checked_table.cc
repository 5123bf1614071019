#include "tables/checked_table.h"

#include <utility>

#include "tables/folding.h"
#include "tables/settings.h"
#include "tables/unicode.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::tables {
namespace {

using util::Result;

class CheckedTable final : public Table {
 public:
  CheckedTable(std::unique_ptr<Table> table, const TableOptions& options, bool folds)
      : Table(table->name()),
        table_(std::move(table)),
        folds_(folds &&
               (table_->keys() == Keys::Literal ? options.fold_literals : options.fold_patterns)),
        utf8_(options.utf8 && settings().utf8) {
    if (folds_ && utf8_) prepare_case_folding();
  }

  Answer lookup(std::string_view key) override {
    if (!valid(key, "key")) return std::optional<std::string>();
    Answer answer = table_->lookup(folded(key));
    if (answer && *answer && !valid(**answer, "value", key))
      return misconfigured("non-UTF-8 value");
    return answer;
  }

  Result<bool> update(std::string_view key, std::string_view value) override {
    if (!valid(key, "key") || !valid(value, "value", key)) return false;
    return table_->update(folded(key), value);
  }

  Result<bool> remove(std::string_view key) override {
    if (!valid(key, "key")) return false;
    return table_->remove(folded(key));
  }

  Result<std::optional<Entry>> sequence(Step step) override { return table_->sequence(step); }

  [[nodiscard]] Keys keys() const override { return table_->keys(); }
  [[nodiscard]] bool changed() const override { return table_->changed(); }
  [[nodiscard]] bool many_writers() const override { return table_->many_writers(); }

 private:
  [[nodiscard]] std::string folded(std::string_view key) const {
    return folds_ ? fold(key, utf8_) : std::string(key);
  }

  [[nodiscard]] bool valid(std::string_view text, std::string_view what,
                           std::string_view key = {}) const {
    if (!utf8_ || util::is_utf8(text)) return true;
    const std::string of_key = key.empty() ? "" : "key \"" + std::string(key) + "\": ";
    msg::warn("{}: {}non-UTF-8 {} \"{}\": malformed UTF-8 or invalid codepoint", name(), of_key,
              what, util::printable_utf8(text));
    return false;
  }

  std::unique_ptr<Table> table_;
  bool folds_;
  bool utf8_;
};

}  // namespace

std::unique_ptr<Table> with_checks(std::unique_ptr<Table> table, const TableOptions& options,
                                   bool folds) {
  return std::make_unique<CheckedTable>(std::move(table), options, folds);
}

}  // namespace handoff::tables
