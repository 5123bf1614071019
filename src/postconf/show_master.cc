#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "postconf/layout.h"
#include "postconf/service_pattern.h"
#include "postconf/show.h"
#include "util/msg.h"

namespace handoff::postconf {
namespace {

class MasterShow {
 public:
  MasterShow(const Options& options, const Settings& settings)
      : options_(options), settings_(settings) {}

  void run() {
    read_operands();
    for (const MasterEntry& entry : settings_.entries()) {
      for (Request& request : requests_) {
        if (!request.pattern.matches(entry)) continue;
        request.matched |= show(entry, request.pattern);
      }
    }
    for (const Request& request : requests_) {
      if (!request.matched && !options_.operands.empty())
        msg::warn("unmatched request: \"{}\"", request.text);
    }
  }

 private:
  struct Request {
    std::string text;
    ServicePattern pattern;
    bool matched = false;
  };

  void read_operands();
  [[nodiscard]] ServicePattern parse(const std::string& operand) const;
  // Whether there was something to show.
  bool show(const MasterEntry& entry, const ServicePattern& pattern) const;
  void show_entry(const MasterEntry& entry) const;
  bool show_fields(const MasterEntry& entry, const ServicePattern& pattern) const;
  void show_command(const MasterEntry& entry, const std::string& name) const;
  bool show_parameters(const MasterEntry& entry, const ServicePattern& pattern) const;
  [[nodiscard]] MasterEntry as_wanted(const MasterEntry& entry) const;
  [[nodiscard]] std::string expanded(std::string_view text, const MasterEntry& entry) const;
  [[nodiscard]] Folding folding() const {
    return options_.fold ? Folding::Folded : Folding::OneLine;
  }

  const Options& options_;
  const Settings& settings_;
  std::vector<Request> requests_;
};

ServicePattern MasterShow::parse(const std::string& operand) const {
  const auto pattern = ServicePattern::parse(operand, 1, options_.mode == Mode::Entries ? 2 : 3);
  if (!pattern && options_.mode == Mode::Entries)
    msg::fatal("-M option requires service_name[/type]");
  if (!pattern && options_.mode == Mode::Fields)
    msg::fatal("-F option requires service_name[/type[/field]]");
  if (!pattern) msg::fatal("-P option requires service_name[/type[/parameter]]");
  const bool known = pattern->item == "*" || std::ranges::count(kFieldNames, pattern->item) > 0;
  if (options_.mode == Mode::Fields && !known)
    msg::fatal("invalid service attribute name: \"{}\"", pattern->item);
  return *pattern;
}

void MasterShow::read_operands() {
  for (const std::string& operand : options_.operands)
    requests_.push_back({operand, parse(operand)});
  if (requests_.empty()) requests_.push_back({"", ServicePattern()});
}

bool MasterShow::show(const MasterEntry& entry, const ServicePattern& pattern) const {
  if (options_.mode == Mode::Fields) return show_fields(entry, pattern);
  if (options_.mode == Mode::Parameters) return show_parameters(entry, pattern);
  show_entry(entry);
  return true;
}

std::string MasterShow::expanded(std::string_view text, const MasterEntry& entry) const {
  if (!options_.expand || options_.names_only) return std::string(text);
  return settings_.expand_or_die(text, &entry);
}

MasterEntry MasterShow::as_wanted(const MasterEntry& entry) const {
  MasterEntry wanted = entry;
  for (MasterEntry::Option& option : wanted.options) {
    if (option.value) option.value = expanded(*option.value, entry);
  }
  return wanted;
}

void MasterShow::show_entry(const MasterEntry& entry) const {
  const std::string text = format_master_entry(as_wanted(entry), folding());
  print((options_.json ? format_json(entry.key(), text) : text) + '\n');
}

bool MasterShow::show_fields(const MasterEntry& entry, const ServicePattern& pattern) const {
  bool any = false;
  for (std::size_t i = 0; i < MasterEntry::kFields; ++i) {
    if (!pattern.matches_item(kFieldNames[i])) continue;
    any = true;
    const std::string name = fmt::format("{}/{}", entry.key(), kFieldNames[i]);
    if (i == MasterEntry::Program) {
      show_command(entry, name);
    } else {
      print(format_setting(options_, name, entry.fields[i]));
    }
  }
  return any;
}

// Blanks in arguments count, so this is not put into another layout.
void MasterShow::show_command(const MasterEntry& entry, const std::string& name) const {
  if (options_.names_only) return print(name + '\n');
  const std::string prefix = options_.values_only || options_.json ? "" : name + " = ";
  const std::string text = format_command(as_wanted(entry), folding(), prefix.size());
  print((options_.json ? format_json(name, text) : prefix + text) + '\n');
}

bool MasterShow::show_parameters(const MasterEntry& entry, const ServicePattern& pattern) const {
  bool any = false;
  for (const auto& [name, value] : settings_.of(entry)) {
    if (!pattern.matches_item(name)) continue;
    any = true;
    print(
        format_setting(options_, fmt::format("{}/{}", entry.key(), name), expanded(value, entry)));
  }
  return any;
}

}  // namespace

void show_master(const Options& options, const Settings& settings) {
  MasterShow(options, settings).run();
}

}  // namespace handoff::postconf
