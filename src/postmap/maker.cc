#include "postmap/maker.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

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

struct stat state_of(const std::string& path) {
  struct stat state {};
  if (stat(path.c_str(), &state) != 0) msg::fatal("open {}: {}", path, util::errno_text(errno));
  return state;
}

using Take = std::function<Status(const std::string& key, const std::string& value)>;

void enter_all(std::string_view text, const std::string& source, const std::string& name,
               const tables::TableOptions& options, const Take& take) {
  const auto lines = util::logical_lines(text, source);
  Progress progress(name, lines.size());
  for (const util::LogicalLine& line : lines) {
    progress.step();
    const auto entry =
        tables::parse_source_line(line, source, options, tables::SourceUser::Postmap);
    if (!entry) continue;
    if (Status taken = take(entry->key, entry->value); !taken) fail_to_write(name, taken.error());
  }
}

}  // namespace

void make_table(const Options& options, const std::string& name) {
  const Target target = split_target(name);
  const struct stat source = state_of(target.path);
  const std::string text = util::or_die(util::read_text_file(target.path));
  require_creatable(target);
  msg::debug("open {} {}", target.type, target.path);
  const SourceRights rights(source, options);
  tables::TableOptions wanted = options.table_options();
  wanted.access = tables::Access::Create;
  wanted.bulk = true;
  const auto builder = util::or_die(tables::create_table(name, wanted));
  enter_all(text, target.path, name, wanted, [&](const std::string& key, const std::string& value) {
    return builder->put(tables::stored_key(key, wanted), value);
  });
  if (Status done = builder->commit(); !done) fail_to_write(name, done.error());
}

void update_table(const Options& options, const std::string& name) {
  const Target target = split_target(name);
  require_creatable(target);
  umask(kUsualMask);
  tables::TableOptions wanted = options.table_options();
  wanted.access = tables::Access::Create;
  wanted.lock = true;
  wanted.lock_while_open = true;  // for each entry it would take three hundred times as long
  const tables::SharedTable table = tables::open_table(name, wanted);
  enter_all(all_input(), "stdin", name, wanted,
            [&](const std::string& key, const std::string& value) {
              const Result<bool> done = table->update(key, value);
              return done ? Status() : Status(done.error());
            });
}

}  // namespace handoff::postmap
