#include <fmt/format.h>

#include <map>
#include <string_view>

#include "global/main_cf_text.h"
#include "postconf/edit.h"
#include "postconf/edited_file.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/text.h"

namespace handoff::postconf {
namespace {

// By name; with -e the value.
using Requests = std::map<std::string, std::string, std::less<>>;

void check_operand(std::string_view operand) {
  if (operand.find('\n') != std::string_view::npos)
    msg::fatal("-e, -X, or -# accepts no multi-line input");
  if (util::trim_left(operand).starts_with('#'))
    msg::fatal("-e, -X, or -# accepts no comment input");
}

void add_assignment(std::string_view operand, Requests& requests) {
  const auto assignment = util::or_die(global::parse_assignment(util::trim_left(operand)));
  const auto [place, is_new] = requests.try_emplace(std::string(assignment.name));
  if (!is_new) msg::warn("ignoring earlier request: '{} = {}'", place->first, place->second);
  place->second = assignment.value;
}

void add_name(std::string_view operand, Requests& requests) {
  if (operand.find('=') != std::string_view::npos)
    msg::fatal("-X or -# requires parameter names without value");
  const std::string_view name = util::trim(operand);
  if (name.empty()) msg::fatal("-X or -# requires non-blank parameter names");
  requests.try_emplace(std::string(name));
}

Requests read_requests(const Options& options) {
  Requests requests;
  for (const std::string& operand : options.operands) {
    check_operand(operand);
    if (options.action == Action::Edit) {
      add_assignment(operand, requests);
    } else {
      add_name(operand, requests);
    }
  }
  return requests;
}

std::string line_of(const std::string& name, const std::string& value) {
  return fmt::format("{} = {}", name, value);
}

void apply(Action action, const Requests& requests, const std::string& path,
           util::LineDocument& document) {
  std::map<std::string_view, int> found;
  for (const util::LineDocument::Entry& entry : document.entries()) {
    const std::string_view line = document.first_line(entry);
    const auto request = requests.find(line.substr(0, line.find_first_of("= \t\r\n\v\f")));
    if (request == requests.end()) continue;
    if (++found[request->first] == 2)
      msg::warn("{}: multiple entries for \"{}\"", path, request->first);
    if (action == Action::Remove) document.remove(entry);
    if (action == Action::CommentOut) document.comment_out(entry);
    if (action == Action::Edit) document.replace(entry, line_of(request->first, request->second));
  }
  if (action != Action::Edit) return;
  for (const auto& [name, value] : requests) {
    if (!found.contains(name)) document.append(line_of(name, value));
  }
}

}  // namespace

void edit_main(const Options& options) {
  require_operands(options);
  const Requests requests = read_requests(options);
  edit_file("main.cf", [&](const std::string& path, util::LineDocument& document) {
    apply(options.action, requests, path, document);
  });
}

}  // namespace handoff::postconf
