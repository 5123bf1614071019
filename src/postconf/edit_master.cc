#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "global/main_cf_text.h"
#include "postconf/edit.h"
#include "postconf/edited_file.h"
#include "postconf/master_entry.h"
#include "postconf/service_pattern.h"
#include "util/braces.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/text.h"

namespace handoff::postconf {
namespace {

using util::LineDocument;

constexpr std::string_view kSeparators = " \t\r\n";

struct Request {
  std::string operand;
  ServicePattern pattern;
  std::string value{};                 // -F, -P
  std::optional<MasterEntry> entry{};  // -M with -e
  bool matched = false;

  [[nodiscard]] bool wants(std::string_view service, std::string_view type) const {
    if (pattern.matches(service, type)) return true;
    return entry && entry->fields[MasterEntry::Service] == service &&
           entry->fields[MasterEntry::Type] == type;
  }
};

// --- What the operands ask for

bool has_blank(std::string_view text) {
  return text.find_first_of(kSeparators) != std::string_view::npos;
}

void check_operand(std::string_view operand) {
  if (operand.find('\n') != std::string_view::npos)
    msg::fatal("-Me, -Fe, -Pe, -X, or -# accept no multi-line input");
  if (util::trim_left(operand).starts_with('#'))
    msg::fatal("-Me, -Fe, -Pe, -X, or -# accept no comment input");
}

ServicePattern parse_pattern(Mode mode, std::string_view text) {
  const std::size_t components = mode == Mode::Entries ? 2 : 3;
  const auto pattern = ServicePattern::parse(text, components, components);
  if (pattern) return *pattern;
  if (mode == Mode::Entries) msg::fatal("-Me, -MX or -M# requires service_name/type");
  if (mode == Mode::Fields) msg::fatal("-Fe or -FX requires service_name/type/field_name");
  msg::fatal("-Pe or -PX requires service_name/type/parameter");
}

MasterEntry::Field field_of(std::string_view name) {
  const auto* const found = std::ranges::find(kFieldNames, name);
  if (found == kFieldNames.end()) msg::fatal("invalid service attribute name: \"{}\"", name);
  return static_cast<MasterEntry::Field>(found - kFieldNames.begin());
}

void check_field_request(const Request& request) {
  if (request.pattern.item == "*") msg::fatal("-Fe does not accept wild-card field name");
  if (field_of(request.pattern.item) != MasterEntry::Program && has_blank(request.value))
    msg::fatal("-Fe does not accept whitespace in non-command field");
}

void check_parameter_request(const Request& request) {
  if (request.pattern.item == "*") msg::fatal("-Pe does not accept wild-card parameter name");
  if (has_blank(request.value)) msg::fatal("-Pe does not accept whitespace in parameter value");
}

MasterEntry parse_entry(const Request& request) {
  auto entry = parse_master_entry(request.value);
  if (!entry && entry.error().what == kBadFieldCount)
    msg::fatal("{}: \"{}\"", kBadFieldCount, request.operand);
  return util::or_die(std::move(entry));
}

Request read_request(const Options& options, const std::string& operand) {
  check_operand(operand);
  Request request{operand, {}};
  std::string_view name = operand;
  if (options.action == Action::Edit) {
    const auto assignment = util::or_die(global::parse_assignment(operand));
    name = assignment.name;
    request.value = assignment.value;
  } else if (operand.find('=') != std::string::npos) {
    msg::fatal("-X or -# requires names without value");
  }
  request.pattern = parse_pattern(options.mode, name);
  if (options.mode == Mode::Fields) check_field_request(request);
  if (options.mode == Mode::Parameters) check_parameter_request(request);
  return request;
}

// --- Doing it

bool is_unfinished(const MasterEntry::Option& option) {
  return option.text == "-o" && !option.value;
}

void set_parameter(MasterEntry& entry, const std::string& name, const std::string& value) {
  const std::string text = fmt::format("{}={}", name, value);
  bool found = false;
  for (MasterEntry::Option& option : entry.options) {
    if (!option.value) continue;
    const auto assignment = global::parse_assignment(*option.value);
    if (!assignment || assignment->name != name) continue;
    option.value = text;
    found = true;
  }
  if (found) return;
  // An -o at the end, where its value was forgotten, must not take this one for it.
  const bool unfinished = !entry.options.empty() && is_unfinished(entry.options.back());
  entry.options.insert(entry.options.end() - (unfinished ? 1 : 0), {"-o", text});
}

void remove_parameter(MasterEntry& entry, std::string_view name) {
  std::erase_if(entry.options, [&](const MasterEntry::Option& option) {
    if (!option.value) return false;
    const auto assignment = global::parse_assignment(*option.value);
    return assignment && assignment->name == name;
  });
}

class MasterEdit {
 public:
  explicit MasterEdit(const Options& options) : options_(options) {
    for (const std::string& operand : options.operands)
      requests_.push_back(read_request(options, operand));
  }

  void apply(const std::string& path, LineDocument& document);

 private:
  // Service and type of an entry, or the end of the program.
  struct Name {
    std::string service;
    std::string type;
  };
  [[nodiscard]] Name name_of(const std::string& path, const LineDocument& document,
                             const LineDocument::Entry& entry) const;
  void parse_new_entries();
  void apply_to(const LineDocument::Entry& entry, const Name& name, const std::string& path,
                LineDocument& document);
  void change_parts(const LineDocument::Entry& line, const std::vector<Request*>& matching,
                    const std::string& path, LineDocument& document);
  void change_part(const Request& request, MasterEntry& entry) const;
  [[nodiscard]] std::vector<Request*> matching(const Name& name);

  const Options& options_;
  std::vector<Request> requests_;
};

void MasterEdit::apply(const std::string& path, LineDocument& document) {
  for (const LineDocument::Entry& entry : document.entries()) {
    const Name name = name_of(path, document, entry);
    parse_new_entries();
    apply_to(entry, name, path, document);
  }
  parse_new_entries();
  for (const Request& request : requests_) {
    if (request.matched) continue;
    if (request.entry) document.append(format_master_entry(*request.entry, Folding::Folded));
    if (options_.mode != Mode::Entries)
      msg::warn("unmatched service_name/type: \"{}\"", request.operand);
  }
}

// A mistake in the name of the file's first entry is reported before one in an operand.
void MasterEdit::parse_new_entries() {
  if (options_.mode != Mode::Entries || options_.action != Action::Edit) return;
  for (Request& request : requests_) {
    if (!request.entry) request.entry = parse_entry(request);
  }
}

MasterEdit::Name MasterEdit::name_of(const std::string& path, const LineDocument& document,
                                     const LineDocument::Entry& entry) const {
  std::string_view line = document.first_line(entry);
  const Name name{std::string(util::next_brace_word(line, kSeparators)),
                  std::string(util::next_brace_word(line, kSeparators))};
  if (name.type.empty())
    msg::fatal("file {}: line {}: specify service name and type on the same line", path,
               entry.number);
  const auto unsupported = [&](const char* what, const std::string& text) {
    msg::fatal(
        "file {}: line {}: service {} syntax \"{}\" is unsupported with -Me, -Fe, -Pe, -X, or -#",
        path, entry.number, what, text);
  };
  if (name.service.find('=') != std::string::npos) unsupported("name", name.service);
  if (name.type.find_first_of("=/") != std::string::npos) unsupported("type", name.type);
  return name;
}

std::vector<Request*> MasterEdit::matching(const Name& name) {
  std::vector<Request*> found;
  for (Request& request : requests_) {
    if (request.wants(name.service, name.type)) found.push_back(&request);
  }
  return found;
}

void MasterEdit::apply_to(const LineDocument::Entry& entry, const Name& name,
                          const std::string& path, LineDocument& document) {
  const std::vector<Request*> requests = matching(name);
  if (requests.empty()) return;
  if (options_.mode != Mode::Entries) {
    change_parts(entry, requests, path, document);
  } else if (options_.action == Action::Remove) {
    document.remove(entry);
  } else if (options_.action == Action::CommentOut) {
    document.comment_out(entry);
  } else if (!requests.back()->matched) {
    document.replace(entry, format_master_entry(*requests.back()->entry, Folding::Folded));
  } else {
    document.remove(entry);
  }
  for (Request* request : requests) request->matched = true;
}

void MasterEdit::change_parts(const LineDocument::Entry& line,
                              const std::vector<Request*>& matching, const std::string& path,
                              LineDocument& document) {
  auto entry = parse_master_entry(line.text);
  if (!entry && entry.error().what == kBadFieldCount)
    msg::fatal("file {}: line {}: {}", path, line.number, kBadFieldCount);
  MasterEntry changed = util::or_die(std::move(entry));
  for (const Request* request : matching) change_part(*request, changed);
  document.replace(line, format_master_entry(changed, Folding::Folded));
}

void MasterEdit::change_part(const Request& request, MasterEntry& entry) const {
  const std::string& item = request.pattern.item;
  if (options_.mode == Mode::Fields) {
    const MasterEntry::Field field = field_of(item);
    if (field == MasterEntry::Program) return util::or_die(parse_command(request.value, entry));
    util::or_die(check_field(field, request.value, request.value));
    entry.fields[field] = request.value;
  } else if (options_.action == Action::Edit) {
    set_parameter(entry, item, request.value);
  } else {
    remove_parameter(entry, item);
  }
}

}  // namespace

void edit_master(const Options& options) {
  require_operands(options);
  MasterEdit edit(options);
  edit_file("master.cf",
            [&](const std::string& path, LineDocument& document) { edit.apply(path, document); });
}

}  // namespace handoff::postconf
