#include "postmap/maker.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "postmap/input.h"
#include "postmap/progress.h"
#include "tables/folding.h"
#include "tables/source_file.h"
#include "tables/table.h"
#include "tables/table_builder.h"
#include "tables/table_type.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/result.h"
#include "util/text_file.h"

namespace handoff::postmap {
namespace {

using util::Error;
using util::Result;
using util::Status;

constexpr std::string_view kProxy = "proxy:";
constexpr mode_t kUsualMask = 022;
constexpr mode_t kCopiedBits = 066;

struct Target {
  std::string type;
  std::string path;
};

Target split_target(const std::string& name) {
  if (std::string_view(name).starts_with(kProxy))
    msg::fatal("can't create maps via the proxy service");
  const std::size_t colon = name.find(':');
  return {name.substr(0, colon), name.substr(colon + 1)};
}

void require_creatable(const Target& target) {
  const auto type = tables::find_type(target.type);
  if (!type) msg::fatal("{}. Is the postfix-{} package installed?", type.error().what, target.type);
  if (!(*type)->create) {
    msg::fatal("unsupported dictionary type: {} does not support bulk-mode creation.", target.type);
  }
}

[[noreturn]] void fail_to_write(const std::string& name, const Error& error) {
  if (tables::is_misconfigured(error)) msg::fatal("{}", error.what);
  msg::fatal("table {}: write error: {}", name, util::errno_text(error.code));
}

// Who may read the source may read the table, and nobody else.
class SourceRights {
 public:
  SourceRights(const struct stat& source, const Options& options)
      : mask_(umask(kUsualMask)), user_(geteuid()), group_(getegid()) {
    if (options.source_permissions) umask(kUsualMask | (~source.st_mode & kCopiedBits));
    if (options.as_source_owner && user_ == 0) become(source.st_uid, source.st_gid);
  }
  SourceRights(const SourceRights&) = delete;
  SourceRights& operator=(const SourceRights&) = delete;
  ~SourceRights() {
    if (changed_) restore();
    umask(mask_);
  }

 private:
  void become(uid_t user, gid_t group) {
    if (user == user_ && group == group_) return;
    if (setegid(group) != 0 || setgroups(1, &group) != 0 || seteuid(user) != 0)
      msg::fatal("cannot become the owner of the source: {}", util::errno_text(errno));
    changed_ = true;
  }
  void restore() const {
    if (seteuid(user_) != 0 || setegid(group_) != 0 || setgroups(1, &group_) != 0)
      msg::fatal("cannot become root again: {}", util::errno_text(errno));
  }

  mode_t mask_;
  uid_t user_;
  gid_t group_;
  bool changed_ = false;
};

// Enters what stands in lines of text into a table.
class Entering {
 public:
  using Take = std::function<Status(const std::string& key, const std::string& value)>;

  // `source` and `table` for messages, `size` of the source for the progress.
  Entering(std::string source, std::string table, const tables::TableOptions& options,
           std::uint64_t size, Take take)
      : source_(std::move(source)),
        table_(std::move(table)),
        options_(options),
        take_(std::move(take)),
        progress_(table_, size) {}

  void enter(const util::LogicalLine& line, std::uint64_t position) {
    progress_.step(position);
    const auto entry =
        tables::parse_source_line(line, source_, options_, tables::SourceUser::Postmap);
    if (!entry) return;
    if (Status taken = take_(entry->key, entry->value); !taken)
      fail_to_write(table_, taken.error());
  }

 private:
  std::string source_;
  std::string table_;
  const tables::TableOptions& options_;
  Take take_;
  Progress progress_;
};

// False: the source has changed meanwhile, and the table may have half of an edit. It is not there
// then.
bool try_to_make(util::LogicalLineFile& source, const Target& target, const std::string& name,
                 const tables::TableOptions& options, bool any_way) {
  const auto builder = util::or_die(tables::create_table(name, options));
  Entering entering(target.path, name, options, source.size(),
                    [&](const std::string& key, const std::string& value) {
                      return builder->put(tables::stored_key(key, options), value);
                    });
  while (const auto line = util::or_die(source.next())) entering.enter(*line, source.position());
  if (!any_way && util::or_die(source.changed())) return false;
  if (Status done = builder->commit(); !done) fail_to_write(name, done.error());
  return true;
}

}  // namespace

void make_table(const Options& options, const std::string& name) {
  constexpr int kAttempts = 10;  // an editor that never pauses gets the last state we saw
  const Target target = split_target(name);
  for (int attempt = 1;; ++attempt) {
    auto source = util::or_die(util::LogicalLineFile::open(target.path));
    require_creatable(target);
    msg::debug("open {} {}", target.type, target.path);
    const SourceRights rights(source.state(), options);
    tables::TableOptions wanted = options.table_options();
    wanted.access = tables::Access::Create;
    wanted.bulk = true;
    if (try_to_make(source, target, name, wanted, attempt == kAttempts)) return;
  }
}

void update_table(const Options& options, const std::string& name) {
  const Target target = split_target(name);
  require_creatable(target);
  umask(kUsualMask);
  tables::TableOptions wanted = options.table_options();
  wanted.access = tables::Access::Create;
  wanted.lock = true;
  wanted.lock_while_open = true;  // for each entry it would take three hundred times as long
  // All of it before the table is locked: nobody else waits for whoever writes to our input.
  const auto lines = util::logical_lines(all_input(), "stdin");
  const tables::SharedTable table = tables::open_table(name, wanted);
  Entering entering("stdin", name, wanted, lines.size(),
                    [&](const std::string& key, const std::string& value) {
                      const Result<bool> done = table->update(key, value);
                      return done ? Status() : Status(done.error());
                    });
  for (std::size_t i = 0; i < lines.size(); ++i) entering.enter(lines[i], i);
}

}  // namespace handoff::postmap
