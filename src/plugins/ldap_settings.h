// ldap_settings.h - the parameters of an ldap: table (ldap_table(5)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugins/plugin.h"
#include "plugins/query_template.h"

namespace handoff::plugins {

// What a connection depends on; tables for which it is the same share one.
struct LdapServer {
  enum class Bind { None, Simple, Sasl };

  std::string uris;  // with blanks between them, in the order in which they are tried
  int version = 3;
  int timeout = 10;  // seconds; negative: none
  Bind bind = Bind::Simple;
  std::string bind_dn;
  std::string bind_password;
  std::string sasl_mechanisms;  // with blanks between them; empty: the best that both have
  std::string sasl_realm;
  std::string sasl_authorization_id;
  int sasl_least_strength = 0;  // "security strength factor"
  int dereference = 0;
  bool chase_referrals = false;
  int debug_level = 0;
  bool start_tls = false;
  bool uses_tls = false;  // STARTTLS, or one of the URIs is ldaps:
  bool require_certificate = false;
  std::string ca_file;
  std::string ca_directory;
  std::string certificate;
  std::string key;
  std::string random_file;
  std::string ciphers;

  auto operator<=>(const LdapServer&) const = default;
};

struct LdapSettings {
  std::string name;  // of the table, for messages
  LdapServer server;
  QueryTemplate search_base;
  QueryTemplate query_filter;
  QueryTemplate result_format;
  std::string domain;  // a list of names; empty: every key is asked
  int scope = 0;       // LDAP_SCOPE_*
  std::vector<std::string> result_attributes;
  std::vector<std::string> special_attributes;   // followed
  std::vector<std::string> terminal_attributes;  // if there is one, it is all that counts
  std::vector<std::string> leaf_attributes;      // where there is nothing to follow
  int recursion_limit = 1000;
  int expansion_limit = 0;  // 0: none
  int size_limit = 0;       // 0: none
};

Answer read_ldap_settings(const Request& request, LdapSettings& settings);

// At blanks and commas.
std::vector<std::string> split_list(std::string_view text);

}  // namespace handoff::plugins
