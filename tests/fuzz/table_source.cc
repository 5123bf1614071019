// table_source.cc - whatever stands in the source of a table, postmap and texthash make of it what
// they can.
//
// The first byte chooses the options, the rest is the file. What was read is found again.
#include <cstdint>
#include <memory>
#include <string>

#include "quiet_start.h"
#include "tables/folding.h"
#include "tables/settings.h"
#include "tables/source_file.h"
#include "tables/table.h"
#include "util/in_memory_file.h"
#include "util/msg.h"

namespace {

using namespace handoff;
using tables::SourceEntry;
using tables::SourceUser;
using tables::TableOptions;

TableOptions options_of(std::uint8_t choice) {
  TableOptions options;
  options.fold_literals = (choice & 1) != 0;
  options.utf8 = (choice & 2) != 0;
  options.duplicates = (choice & 4) != 0 ? tables::Duplicates::Replace : tables::Duplicates::Ignore;
  return options;
}

void run(const TableOptions& options, const std::string& text) {
  const auto file = util::in_memory_file("source", text);
  if (!file) msg::panic("{}", file.error().what);
  const auto table =
      tables::try_open_table("texthash:/proc/self/fd/" + std::to_string(file->get()), options);
  if (!table) msg::panic("{}", table.error().what);
  const auto look_up = [&](const SourceEntry& entry) -> util::Status {
    const auto answer = (*table)->lookup(entry.key);
    if (!answer || !*answer) msg::panic("an entry is lost: {}", entry.key);
    return {};
  };
  (void)tables::parse_source(text, "source", options, SourceUser::Postmap, look_up);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  run(options_of(data[0]), {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
