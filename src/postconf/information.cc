#include "postconf/information.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "global/bounce_templates.h"
#include "global/config.h"
#include "global/mail_owner.h"
#include "global/params.h"
#include "postconf/check.h"
#include "postconf/layout.h"
#include "tables/plugins.h"
#include "tables/table_type.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/result.h"

namespace handoff::postconf {
namespace {

struct Installation {
  global::Config config;
  global::Params params;
};

// Like any other program that delivers mail: mistakes end it.
Installation load_installation() {
  global::ConfigOptions options;
  options.process_name = "postconf";
  Installation found{global::Config::load(options), {}};
  found.params = global::load_params(found.config, "postconf");
  (void)global::check_installation(found.config, found.params);  // whose mail it is does not matter
  return found;
}

void print_lines(std::initializer_list<std::string_view> lines) {
  for (const std::string_view line : lines) print(fmt::format("{}\n", line));
}

// --- TLS

// What certificates may have for a key.
void print_public_key_algorithms() {
  constexpr const char* kAlgorithms[][2] = {{"dsa", "DSA"}, {"ecdsa", "EC"}, {"rsa", "RSA"}};
  for (const auto& [name, key_type] : kAlgorithms) {
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, key_type, nullptr);
    if (context != nullptr) print(fmt::format("{}\n", name));
    EVP_PKEY_CTX_free(context);
  }
}

int show_tls(const std::string& topic) {
  if (topic == "compile-version") {
    print_lines({OPENSSL_VERSION_TEXT});
  } else if (topic == "run-version") {
    print_lines({OpenSSL_version(OPENSSL_VERSION)});
  } else if (topic == "public-key-algorithms") {
    print_public_key_algorithms();
  } else {
    msg::warn("unknown 'postconf -T' mode: {}", topic);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

// --- Tables

void show_table_types() {
  const Installation installation = load_installation();
  std::vector<std::string> types = tables::built_in_types();
  const auto plugins = util::or_die(tables::enabled_plugins(installation.params.meta_directory));
  types.insert(types.end(), plugins.begin(), plugins.end());
  std::ranges::sort(types);
  for (const std::string& type : types) print(fmt::format("{}\n", type));
}

// --- Templates of delivery status reports

[[noreturn]] void run_bounce(const Options& options) {
  if (options.operands.size() > 1)
    msg::fatal("options -b and -t require at most one template file");
  const Installation installation = load_installation();
  const std::string_view service = options.mode == Mode::ExpandTemplates
                                       ? global::bounce_templates::kExpand
                                       : global::bounce_templates::kDump;
  std::vector<std::string> words = {"bounce", fmt::format("-SVn{}", service)};
  if (!options.operands.empty()) {
    words.emplace_back("-o");
    words.push_back("bounce_template_file=" + options.operands.front());
  }
  words.insert(words.end(), {"-o", "queue_directory=."});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string program = installation.params.daemon_directory + "/bounce";
  execv(program.c_str(), arguments.data());
  msg::fatal("execute {}: {}", program, util::errno_text(errno));
}

}  // namespace

int show_information(const Options& options) {
  switch (options.mode) {
    case Mode::SaslServerTypes:
      print_lines({"cyrus", "dovecot"});
      break;
    case Mode::SaslClientTypes:
      print_lines({"cyrus"});
      break;
    case Mode::LockTypes:
      print_lines({"flock", "fcntl", "dotlock"});
      break;
    case Mode::TableTypes:
      show_table_types();
      break;
    case Mode::TlsInformation:
      return show_tls(options.tls_topic);
    case Mode::ExpandTemplates:
    case Mode::DumpTemplates:
      run_bounce(options);
    case Mode::Check:
      return check_all_values();
    case Mode::MainCf:
    case Mode::Entries:
    case Mode::Fields:
    case Mode::Parameters:
      break;
  }
  return EXIT_SUCCESS;
}

}  // namespace handoff::postconf
