// resolver.h - where an address goes: transport, next hop, and the recipient as that transport is
// to see it (postconf(5): ADDRESS CLASSES, transport_maps, relayhost).
//
// First the address is peeled: as long as its domain is ours, the domain is taken off, and when
// what remains has an operator ("user%site", "site!user"), that is rewritten and looked at in turn.
// Then the class of the domain chooses the transport, and transport_maps has the last word.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "global/address_extension.h"
#include "global/rewrite_messages.h"
#include "tables/map_list.h"
#include "trivial-rewrite/rewriter.h"
#include "util/result.h"

namespace handoff::rewrite {

// An error is a table that could not be asked; the client is told to try again later.
using DomainTest = std::function<util::Result<bool>(std::string_view domain)>;
using Lookup = std::function<tables::Answer(std::string_view key, tables::MapList::Key kind)>;

// The domains of one address class, by the parameter that lists them.
struct DomainList {
  std::string_view parameter;
  DomainTest has = {};  // none: empty
};

struct ResolverSettings {
  RewriteRules local_rules;
  std::string main_cf;  // the file, for messages
  std::string myhostname;
  std::string empty_address_recipient = "MAILER-DAEMON";
  std::string myorigin;
  global::ExtensionRules extensions;
  bool resolve_dequoted_address = true;
  bool resolve_null_domain = false;
  bool resolve_numeric_domain = false;
  bool allow_min_user = false;
  bool smtputf8 = false;
  bool show_user_unknown_table_name = true;

  DomainTest is_local;  // also asked about "[192.0.2.1]"
  DomainList virtual_alias{"virtual_alias_domains"};
  DomainList virtual_mailbox{"virtual_mailbox_domains"};
  DomainList relay{"relay_domains"};
  Lookup relocated;  // none: empty
};

// "transport" or "transport:nexthop" for each class; different for address probes.
struct Routes {
  std::string local;
  std::string virtual_mailbox;
  std::string relay;
  std::string other;      // default_transport
  std::string relayhost;  // for relay and other; may be empty
  Lookup sender_relayhost;
  Lookup sender_transport;
  std::string sender_transport_parameter;  // that names its tables
  std::string empty_sender_relayhost_key = "<>";
  std::string empty_sender_transport_key = "<>";
  Lookup transport_maps;
  bool transport_parents_match = false;  // "example.com" is meant for "sub.example.com", too
};

class Resolver {
 public:
  // `settings` must outlive this.
  Resolver(const ResolverSettings& settings, Routes routes);

  // Addresses in internal form.
  [[nodiscard]] global::Resolution resolve(std::string_view sender, std::string_view address) const;

 private:
  struct Peeled;

  [[nodiscard]] util::Status peel(Peeled& address) const;
  [[nodiscard]] util::Status finish_plain_user(Peeled& address) const;
  [[nodiscard]] util::Status assign_domain(Peeled& address, const std::string& domain) const;
  [[nodiscard]] util::Status add_brackets(Peeled& address) const;
  [[nodiscard]] bool rewrite_local_part(Tokens& tokens) const;
  [[nodiscard]] bool is_valid(const Peeled& address, bool readable) const;
  [[nodiscard]] util::Result<bool> is_home(std::string_view address) const;
  [[nodiscard]] tables::Answer find(const Lookup& lookup, std::string_view address) const;
  [[nodiscard]] tables::Answer sender_entry(const Lookup& lookup, std::string_view sender,
                                            const std::string& null_key) const;

  [[nodiscard]] util::Result<bool> is_listed(const std::string& domain,
                                             const DomainList& list) const;
  void warn_if_listed(const std::string& domain, std::string_view parameter,
                      const DomainList& too) const;

  // These fill in the answer as far as they get; an error is a table that could not be asked.
  [[nodiscard]] util::Status fill(global::Resolution& answer, std::string_view sender,
                                  std::string_view address) const;
  [[nodiscard]] util::Status choose(global::Resolution& answer, const Peeled& address,
                                    std::string_view sender) const;
  [[nodiscard]] util::Status choose_default(global::Resolution& answer, std::string_view sender,
                                            const std::string& destination) const;
  [[nodiscard]] util::Status choose_relayhost(global::Resolution& answer, std::string_view sender,
                                              const std::string& destination) const;
  [[nodiscard]] util::Status choose_by_class(global::Resolution& answer, const Peeled& address,
                                             std::string_view sender) const;
  [[nodiscard]] util::Status apply_transport_maps(global::Resolution& answer,
                                                  const Peeled& address) const;
  [[nodiscard]] util::Status apply_relocated(global::Resolution& answer,
                                             const Peeled& address) const;

  const ResolverSettings& settings_;
  Routes routes_;
};

}  // namespace handoff::rewrite
