#include "postconf/usage.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <vector>

#include "global/config_expand.h"
#include "global/main_cf_text.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/text.h"
#include "util/text_file.h"

namespace handoff::postconf {
namespace {

constexpr std::string_view kClasses = "smtpd_restriction_classes";

std::string unused_text(std::string_view place, std::string_view name, std::string_view value) {
  return fmt::format("{}: unused parameter: {}={}", place, name, value);
}

// Repeated names have their last value.
Values client_settings(const std::string& path, std::string_view text) {
  Values values;
  util::or_die(
      global::visit_assignments(text, path, [&](const global::Assignment& assignment, int line) {
        const auto [place, is_new] = values.try_emplace(std::string(assignment.name));
        if (!is_new && place->second != assignment.value)
          global::warn_of_override(path, line, assignment.name, place->second);
        place->second = assignment.value;
      }));
  return values;
}

}  // namespace

void UsageCheck::look_at_master() {
  for (const MasterEntry& entry : settings_.entries())
    look_at({&entry, settings_.master_cf(), settings_.of(entry)});
}

void UsageCheck::look_at_main() {
  look_at({nullptr, settings_.main_cf(), settings_.main()});
  for (const std::string& name : used_in_main_) names_.add_user_defined(name);
}

void UsageCheck::look_at(const Scope& scope) {
  look_at_classes(scope);
  for (const auto& [name, value] : scope.values) {
    names_.add_if_former(name);
    if (is_raw(name)) continue;
    look_at_mentions(scope, value);
    if (names_.predefined(name)) look_at_tables(scope, value);
  }
  const bool first = scope.entry == nullptr || warned_of_.insert(scope.entry->key()).second;
  if (first) settings_.warn_of_read_only(scope.entry);
}

void UsageCheck::look_at_classes(const Scope& scope) {
  const auto classes = scope.values.find(kClasses);
  if (classes == scope.values.end()) return;
  const std::string list = settings_.expand_or_die(
      classes->second, scope.entry,
      fmt::format("dictionary {}: macro processing error",
                  scope.entry != nullptr ? scope.entry->key() : "mail_dict"));
  for (const std::string_view name : util::split(list, ", \t\r\n")) mention(scope, name);
}

void UsageCheck::look_at_tables(const Scope& scope, std::string_view text) {
  const std::string file =
      scope.entry != nullptr ? "master.cf:" + scope.entry->key() : std::string("main.cf");
  const std::string value = settings_.expand_or_die(text, scope.entry);
  visit_table_references(value, file, [&](const TableReference& table) {
    if (table.name.starts_with('/')) return look_into_client_file(table);
    if (table.name.starts_with('.')) return;
    for (const std::string_view parameter : table.parameters)
      (void)use(scope, fmt::format("{}_{}", table.name, parameter));
  });
}

void UsageCheck::look_into_client_file(const TableReference& table) {
  const std::string path(table.name);
  const std::string place = fmt::format("{}:{}", table.type, path);
  if (!client_files_.insert(place).second) return;
  const auto unreadable = [&](std::string_view reason) {
    msg::warn("open \"{}\" configuration \"{}\": {}", table.type, path, reason);
  };
  struct stat state {};
  if (stat(path.c_str(), &state) == 0 && !S_ISREG(state.st_mode))
    return unreadable("not a regular file");
  const util::Result<std::string> text = util::read_text_file(path);
  if (!text && text.error().code == EACCES) return;  // has a password in it, perhaps
  if (!text) return unreadable(util::errno_text(text.error().code));
  for (const auto& [name, value] : client_settings(path, *text)) {
    if (!table.knows(name)) unused_in_clients_.insert(unused_text(place, name, value));
  }
}

void UsageCheck::look_at_mentions(const Scope& scope, std::string_view text) {
  const util::Status scanned =
      global::visit_macros(text, [&](std::string_view name) { mention(scope, name); });
  if (!scanned) msg::warn("{}", scanned.error().what);
}

bool UsageCheck::use(const Scope& scope, std::string_view name) {
  if (scope.entry == nullptr) {
    mentioned_in_main_.emplace(name);
  } else if (scope.values.contains(name)) {
    used_in_[scope.entry->key()].emplace(name);
    return true;
  }
  if (settings_.main().contains(name)) {
    used_in_main_.emplace(name);
    return true;
  }
  if (scope.entry != nullptr) return false;
  for (const MasterEntry& entry : settings_.entries()) {
    if (settings_.of(entry).contains(name)) return true;
  }
  return false;
}

void UsageCheck::mention(const Scope& scope, std::string_view name) {
  if (names_.contains(name) || use(scope, name)) return;
  msg::warn("{}: undefined parameter: {}", scope.file, name);
}

bool UsageCheck::unused(std::string_view name, const Set* used) const {
  return !names_.contains(name) && !mentioned_in_main_.contains(name) &&
         (used == nullptr || !used->contains(name));
}

void UsageCheck::warn_of_unused_in_master() const {
  std::multiset<std::string> lines;
  for (const MasterEntry& entry : settings_.entries()) {
    const auto used = used_in_.find(entry.key());
    for (const auto& [name, value] : settings_.of(entry)) {
      if (unused(name, used != used_in_.end() ? &used->second : nullptr))
        lines.insert(unused_text(settings_.master_cf(), name, value));
    }
  }
  for (const std::string& line : lines) msg::warn("{}", line);
}

void UsageCheck::warn_of_unused_in_clients() const {
  for (const std::string& line : unused_in_clients_) msg::warn("{}", line);
}

void UsageCheck::warn_of_unused_in_main() const {
  for (const auto& [name, value] : settings_.main()) {
    if (unused(name, nullptr)) msg::warn("{}", unused_text(settings_.main_cf(), name, value));
  }
}

}  // namespace handoff::postconf
