#include "global/known_ports.h"

#include <fmt/format.h>

#include <algorithm>

#include "util/msg.h"
#include "util/result.h"
#include "util/text.h"

namespace handoff::global {
namespace {

using util::Error;
using util::Status;

Status add_entry(std::string_view entry, KnownPorts& ports) {
  const auto bad = [&](std::string_view problem) {
    return Error::syntax(fmt::format("in \"{}\": {}", entry, problem));
  };
  const std::size_t last = entry.rfind('=');
  if (last == std::string_view::npos)
    return Error::syntax(fmt::format("in \"{}\" is not in \"name = value\" form", entry));
  const std::string_view port = util::trim(entry.substr(last + 1));
  if (port.empty()) return bad("missing port value after \"=\"");
  if (!std::ranges::all_of(port, util::is_digit)) return bad("non-numerical service port");
  KnownPorts added;
  for (std::size_t begin = 0; begin <= last;) {
    const std::size_t end = entry.find('=', begin);
    const std::string_view name = util::trim(entry.substr(begin, end - begin));
    if (name.empty()) return bad("missing service name before \"=\"");
    if (std::ranges::all_of(name, util::is_digit)) return bad("numerical service name");
    if (ports.contains(name)) return bad("duplicate service name");
    added.emplace(name, port);
    begin = end + 1;
  }
  ports.merge(added);
  return {};
}

}  // namespace

KnownPorts parse_known_ports(std::string_view text) {
  KnownPorts ports;
  for (const std::string_view entry : util::split(text, ",")) {
    if (Status added = add_entry(entry, ports); !added)
      msg::warn("known_tcp_ports: {}", added.error().what);
  }
  return ports;
}

}  // namespace handoff::global
