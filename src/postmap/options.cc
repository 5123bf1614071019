#include "postmap/options.h"

#include <getopt.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "util/msg.h"

namespace handoff::postmap {
namespace {

using Action = Options::Action;

constexpr std::string_view kStandardInput = "-";

[[noreturn]] void usage() {
  msg::fatal(
      "usage: postmap [-bfFhimnNoprsuUvw] [-c config_dir] [-d key] [-q key] "
      "[map_type:]file...");
}

void set_key(Options& options, Action action, const char* key) {
  if (options.action != Action::Make && options.action != Action::Update)
    msg::fatal("specify only one of -s -q or -d");
  options.action = action;
  options.key = key;
}

void set_list(Options& options) {
  if (options.action == Action::Query || options.action == Action::Delete)
    msg::fatal("specify only one of -s or -q or -d");
  options.action = Action::List;
}

void take(Options& options, int option, const char* argument) {
  switch (option) {
    case 'N':
      options.trailing_nul = tables::TrailingNul::With;
      break;
    case 'n':
      options.trailing_nul = tables::TrailingNul::Without;
      break;
    case 'F':
      options.values_are_files = true;
      break;
    case 'U':
      options.force_utf8 = true;
      break;
    case 'b':
      options.body = true;
      break;
    case 'c':
      options.config_directory = argument;
      break;
    case 'd':
      set_key(options, Action::Delete, argument);
      break;
    case 'f':
      options.fold = false;
      break;
    case 'h':
      options.headers = true;
      break;
    case 'i':
      if (options.action == Action::Make) options.action = Action::Update;
      break;
    case 'm':
      options.mime = true;
      break;
    case 'o':
      options.as_source_owner = false;
      break;
    case 'p':
      options.source_permissions = false;
      break;
    case 'q':
      set_key(options, Action::Query, argument);
      break;
    case 'r':
      options.duplicates = tables::Duplicates::Replace;
      break;
    case 's':
      set_list(options);
      break;
    case 'u':
      options.utf8 = false;
      break;
    case 'v':
      msg::set_verbose(msg::verbose() + 1);
      break;
    case 'w':
      options.duplicates = tables::Duplicates::Ignore;
      break;
    default:
      usage();
  }
}

void check(Options& options) {
  const bool reads_keys =
      options.action == Action::Query && std::string_view(options.key) == kStandardInput;
  if ((options.headers || options.body || options.mime) && !reads_keys)
    msg::fatal("specify -b -h or -m only with \"-q -\"");
  if (options.mime && !options.reads_message()) msg::warn("ignoring -m option without -b or -h");
  if (options.reads_message() && !options.force_utf8) options.utf8 = false;
  if (options.names.empty()) usage();
}

}  // namespace

Options Options::parse(int argc, char** argv) {
  Options options;
  if (argc > 0) argv[0] = basename(argv[0]);  // for getopt(3)'s complaints
  for (int given; (given = getopt(argc, argv, "+NFUbc:d:fhimnopq:rsuvw")) != -1;)
    take(options, given, optarg);
  options.names.assign(argv + optind, argv + argc);
  check(options);
  return options;
}

tables::TableOptions Options::table_options() const {
  tables::TableOptions wanted;
  wanted.fold_literals = fold;
  wanted.utf8 = utf8 || force_utf8;
  wanted.duplicates = duplicates;
  wanted.trailing_nul = trailing_nul;
  wanted.values_are_files = values_are_files;
  wanted.must_open = true;
  return wanted;
}

}  // namespace handoff::postmap
