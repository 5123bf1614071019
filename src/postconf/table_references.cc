#include "postconf/table_references.h"

#include <algorithm>
#include <optional>

#include "postconf/braces.h"
#include "util/braces.h"

namespace handoff::postconf {
namespace {

constexpr std::string_view kSeparators = ", \t\r\n";
constexpr std::string_view kProxy = "proxy:";

constexpr std::string_view kLdap[] = {"bind",
                                      "bind_dn",
                                      "bind_pw",
                                      "cache",
                                      "cache_expiry",
                                      "cache_size",
                                      "chase_referrals",
                                      "debuglevel",
                                      "dereference",
                                      "domain",
                                      "expansion_limit",
                                      "leaf_result_attribute",
                                      "query_filter",
                                      "recursion_limit",
                                      "result_attribute",
                                      "result_filter",
                                      "result_format",
                                      "sasl_authz_id",
                                      "sasl_mechs",
                                      "sasl_minssf",
                                      "sasl_realm",
                                      "scope",
                                      "search_base",
                                      "server_host",
                                      "server_port",
                                      "size_limit",
                                      "special_result_attribute",
                                      "start_tls",
                                      "terminal_result_attribute",
                                      "timeout",
                                      "tls_ca_cert_dir",
                                      "tls_ca_cert_file",
                                      "tls_cert",
                                      "tls_cipher_suite",
                                      "tls_key",
                                      "tls_random_file",
                                      "tls_require_cert",
                                      "version"};
constexpr std::string_view kMysql[] = {"additional_conditions",
                                       "dbname",
                                       "domain",
                                       "expansion_limit",
                                       "hosts",
                                       "option_file",
                                       "option_group",
                                       "password",
                                       "query",
                                       "require_result_set",
                                       "result_format",
                                       "select_field",
                                       "table",
                                       "tls_CAfile",
                                       "tls_CApath",
                                       "tls_cert_file",
                                       "tls_ciphers",
                                       "tls_key_file",
                                       "tls_verify_cert",
                                       "user",
                                       "where_field"};
constexpr std::string_view kPgsql[] = {"additional_conditions",
                                       "dbname",
                                       "domain",
                                       "expansion_limit",
                                       "hosts",
                                       "password",
                                       "query",
                                       "result_format",
                                       "select_field",
                                       "select_function",
                                       "table",
                                       "user",
                                       "where_field"};
constexpr std::string_view kSqlite[] = {"additional_conditions", "dbpath", "domain",
                                        "expansion_limit",       "query",  "result_format",
                                        "select_field",          "table",  "where_field"};
constexpr std::string_view kMemcache[] = {"backup",      "data_size_limit", "domain",  "flags",
                                          "key_format",  "line_size_limit", "max_try", "memcache",
                                          "retry_pause", "timeout",         "ttl"};

struct Client {
  std::string_view type;
  std::span<const std::string_view> parameters;
};
constexpr Client kClients[] = {{"ldap", kLdap},
                               {"mysql", kMysql},
                               {"pgsql", kPgsql},
                               {"sqlite", kSqlite},
                               {"memcache", kMemcache}};

using Visitor = std::function<void(const TableReference&)>;

class ReferenceScan {
 public:
  ReferenceScan(std::string_view file, const Visitor& visit) : file_(file), visit_(visit) {}

  void list(std::string_view text, int depth) const {
    constexpr int kDeepest = 100;
    if (depth > kDeepest) return;  // no table is that deep
    while (true) {
      const std::string_view word = util::next_brace_word(text, kSeparators);
      if (word.empty()) return;
      item(word, depth);
    }
  }

 private:
  void item(std::string_view word, int depth) const {
    if (word.starts_with('{')) return list(without_braces(word, file_), depth + 1);
    while (word.starts_with(kProxy)) word.remove_prefix(kProxy.size());
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view type = word.substr(0, colon);
    const std::string_view name = word.substr(colon + 1);
    if (name.starts_with('{')) return list(without_braces(name, file_), depth + 1);
    const auto* client = std::ranges::find(kClients, type, &Client::type);
    if (client != std::end(kClients)) visit_({type, name, client->parameters});
  }

  std::string_view file_;
  const Visitor& visit_;
};

}  // namespace

bool TableReference::knows(std::string_view parameter) const {
  return std::ranges::count(parameters, parameter) > 0;
}

void visit_table_references(std::string_view value, std::string_view file, const Visitor& visit) {
  ReferenceScan(file, visit).list(value, 1);
}

}  // namespace handoff::postconf
