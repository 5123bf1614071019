#include "trivial-rewrite/resolver.h"

#include <tuple>
#include <utility>
#include <vector>

#include "global/mail_proto.h"
#include "trivial-rewrite/domain_name.h"
#include "util/msg.h"
#include "util/text.h"

namespace handoff::rewrite {

using global::Resolution;
using util::Result;
using util::Status;
namespace flag = global::resolve_flag;

// An address on its way: its tokens, and the domain of ours that was taken off last.
struct Resolver::Peeled {
  Tokens tokens;
  std::optional<std::string> domain;  // what stands behind the last "@"
  bool ours = false;                  // there is none, but:
  std::string local_domain;

  [[nodiscard]] std::string local_part() const { return to_internal(without_domain()); }
  [[nodiscard]] Tokens without_domain() const {
    const auto at = find_last(tokens, '@');
    if (!at) return tokens;
    return {tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(*at)};
  }
  void find_domain() {
    strip_trailing_dot(tokens);
    const auto at = find_last(tokens, '@');
    domain.reset();
    if (at)
      domain =
          to_internal(Tokens(tokens.begin() + static_cast<std::ptrdiff_t>(*at) + 1, tokens.end()));
  }
  void set_domain(const std::string& name) {
    drop_domain();
    tokens.push_back(Token::op('@'));
    for (Token& token : scan_external(name)) tokens.push_back(std::move(token));
    domain = name;
  }
  void drop_domain() {
    tokens = without_domain();
    domain.reset();
  }
  [[nodiscard]] const std::string& destination() const { return ours ? local_domain : *domain; }
  [[nodiscard]] std::string recipient() const { return local_part() + '@' + destination(); }
};

namespace {

constexpr int kLayers = 100;  // of operators in one address; more is a joke at our expense

struct Route {
  std::string transport;
  std::string nexthop;
};

Route parse_route(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {std::string(text), {}};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

bool is_single_quoted(const Tokens& tokens) {
  return tokens.size() == 1 && tokens[0].kind == Token::Kind::Quoted;
}

bool is_empty_local_part(const Tokens& tokens) {
  return tokens.empty() || (is_single_quoted(tokens) && tokens[0].text.empty());
}

// These take the next hop for what they have to say.
bool has_reason(std::string_view transport) {
  return transport == global::transport::kError || transport == global::transport::kRetry;
}
constexpr const char* kUndeliverable = "Address is undeliverable";

// Somebody may obey these, even if we do not.
constexpr std::string_view kOperators = "@!%";
constexpr std::string_view kDunno = "DUNNO";

// Empty when it has no extension.
std::string address_without_extension(std::string_view address,
                                      const global::ExtensionRules& rules) {
  const std::size_t at = address.rfind('@');
  std::string shorter(global::without_extension(address.substr(0, at), rules));
  if (!shorter.empty() && at != std::string_view::npos) shorter += address.substr(at);
  return shorter;
}

struct Key {
  std::string text;
  tables::MapList::Key kind;
};
using Keys = std::vector<Key>;

// An address as a table may have it: with quotes where RFC 5322 wants them, else as it is.
void add_forms(Keys& keys, std::string_view address, tables::MapList::Key kind) {
  if (std::string quoted = to_external(address); quoted != address)
    keys.push_back({std::move(quoted), kind});
  keys.push_back({std::string(address), kind});
}

// The address, and the address without its extension.
void add_address(Keys& keys, std::string_view address, tables::MapList::Key kind,
                 const global::ExtensionRules& rules) {
  add_forms(keys, address, kind);
  if (const std::string shorter = address_without_extension(address, rules); !shorter.empty())
    add_forms(keys, shorter, tables::MapList::Key::Part);
}

// "user+extension@domain", "user@domain", (ours: "user+extension", "user",) "@domain".
Keys address_keys(std::string_view address, const global::ExtensionRules& rules, bool ours) {
  using Kind = tables::MapList::Key;
  Keys keys;
  add_address(keys, address, Kind::Whole, rules);
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return keys;
  if (ours) add_address(keys, address.substr(0, at), Kind::Part, rules);
  keys.push_back({std::string(address.substr(at)), Kind::Part});
  return keys;
}

tables::Answer ask(const Lookup& lookup, const Keys& keys) {
  if (!lookup) return std::optional<std::string>();
  for (const Key& key : keys) {
    tables::Answer answer = lookup(key.text, key.kind);
    if (!answer || *answer) return answer;
  }
  return std::optional<std::string>();
}

}  // namespace

Resolver::Resolver(const ResolverSettings& settings, Routes routes)
    : settings_(settings), routes_(std::move(routes)) {}

// What remains of an address after our domain was taken off; false when it is a plain user.
bool Resolver::rewrite_local_part(Tokens& tokens) const {
  const RewriteRules& rules = settings_.local_rules;
  if (strip_route(tokens)) {
    if (!rewrite_local_part(tokens)) rewrite(tokens, rules);
    return true;
  }
  if (!is_single_quoted(tokens)) {
    const bool operators = find_first(tokens, '@') ||
                           (rules.swap_bangpath && find_first(tokens, '!')) ||
                           (rules.allow_percent_hack && find_first(tokens, '%'));
    if (!operators) return false;
    rewrite(tokens, rules);
    return true;
  }
  std::string local = tokens[0].text;
  if (!settings_.resolve_dequoted_address) {
    Tokens scanned = scan_external(quote_local_part(local));
    if (is_single_quoted(scanned) || !rewrite_local_part(scanned)) return false;
    tokens = std::move(scanned);
    return true;
  }
  if (local.find('@') != std::string::npos) {
    tokens = scan_internal(local);
  } else if (rules.swap_bangpath && local.find('!') != std::string::npos) {
    tokens = scan_external(local);
  } else if (rules.allow_percent_hack && local.find('%') != std::string::npos) {
    local[local.rfind('%')] = '@';
    tokens = scan_internal(local);
  } else {
    return false;
  }
  rewrite(tokens, rules);
  return true;
}

// Takes domains of ours off as long as there is something behind them.
Status Resolver::peel(Peeled& address) const {
  bool null_domain = false;  // "user@"
  for (int layer = 0; layer < kLayers; ++layer) {
    address.find_domain();
    if (address.domain) {
      null_domain = address.domain->empty();
      const auto local = null_domain ? Result<bool>(true) : settings_.is_local(*address.domain);
      if (!local) return local.error();
      if (!*local) return {};
      if (!null_domain) address.local_domain = *address.domain;
      address.drop_domain();
    }
    if (is_empty_local_part(address.tokens))
      address.tokens = {{Token::Kind::Quoted, settings_.empty_address_recipient}};
    if (rewrite_local_part(address.tokens)) continue;
    if (null_domain && !settings_.resolve_null_domain) {
      address.tokens.push_back(Token::op('@'));
      address.domain.emplace();
      return {};
    }
    return finish_plain_user(address);
  }
  address.tokens.clear();  // an address that is all layers is none
  address.domain.reset();
  return {};
}

// What is left is of the domain that was taken off, or of this host.
Status Resolver::finish_plain_user(Peeled& address) const {
  address.ours = !address.local_domain.empty();
  if (address.ours) return {};
  return assign_domain(address, settings_.myhostname);
}

Status Resolver::assign_domain(Peeled& address, const std::string& domain) const {
  const auto local = settings_.is_local(domain);
  if (!local) return local.error();
  address.ours = *local;
  if (address.ours)
    address.local_domain = domain;
  else
    address.set_domain(domain);
  return {};
}

// An IPv4 address without brackets gets them.
Status Resolver::add_brackets(Peeled& address) const {
  if (!settings_.resolve_numeric_domain || (!address.ours && !address.domain)) return {};
  const std::string domain = address.destination();
  if (!is_numeric(domain) || !is_address_literal(domain)) return {};
  address.drop_domain();
  return assign_domain(address, '[' + domain + ']');
}

bool Resolver::is_valid(const Peeled& address, bool readable) const {
  if (!address.ours && (!address.domain || address.domain->empty())) return false;
  const std::string& domain = address.destination();
  if (domain.front() == '[')
    return domain.back() == ']' &&
           is_address_literal(std::string_view(domain).substr(1, domain.size() - 2));
  return readable && is_domain_name(domain, settings_.smtputf8);
}

// Whether the tables may have "user" for "user@domain".
Result<bool> Resolver::is_home(std::string_view address) const {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return false;
  std::string_view domain = address.substr(at + 1);
  if (domain.ends_with('.')) domain.remove_suffix(1);
  if (util::equal_ignoring_case(domain, settings_.myorigin)) return true;
  return settings_.is_local(domain);
}

// The entry for an address as a whole or in part.
tables::Answer Resolver::find(const Lookup& lookup, std::string_view address) const {
  if (!lookup) return std::optional<std::string>();
  const auto home = is_home(address);
  if (!home) return home.error();
  return ask(lookup, address_keys(address, settings_.extensions, *home));
}

// The sender's entry in a table of relay hosts or transports; "DUNNO" is as good as none.
tables::Answer Resolver::sender_entry(const Lookup& lookup, std::string_view sender,
                                      const std::string& null_key) const {
  auto found = find(lookup, sender.empty() ? null_key : sender);
  if (found && *found && util::equal_ignoring_case(**found, kDunno))
    return std::optional<std::string>();
  return found;
}

Result<bool> Resolver::is_listed(const std::string& domain, const DomainList& list) const {
  if (!list.has) return false;
  auto listed = list.has(domain);
  if (!listed) msg::warn("{} lookup failure", list.parameter);
  return listed;
}

void Resolver::warn_if_listed(const std::string& domain, std::string_view parameter,
                              const DomainList& too) const {
  if (!too.has) return;
  const auto listed = too.has(domain);
  if (listed && *listed)
    msg::warn("do not list domain {} in BOTH {} and {}", domain, parameter, too.parameter);
}

// The sender's relay host, else everybody's, else the destination.
Status Resolver::choose_relayhost(Resolution& answer, std::string_view sender,
                                  const std::string& destination) const {
  auto entry = sender_entry(routes_.sender_relayhost, sender, routes_.empty_sender_relayhost_key);
  if (!entry) return std::move(entry).error();
  if (*entry)
    answer.nexthop = **entry;
  else
    answer.nexthop = routes_.relayhost.empty() ? destination : routes_.relayhost;
  return {};
}

Status Resolver::choose_default(Resolution& answer, std::string_view sender,
                                const std::string& destination) const {
  auto entry = sender_entry(routes_.sender_transport, sender, routes_.empty_sender_transport_key);
  if (!entry) return std::move(entry).error();
  answer.flags |= flag::kClassDefault;
  answer.transport = entry->value_or(routes_.other);
  return choose_relayhost(answer, sender, destination);
}

// What the class of the domain chooses. The transport may have a next hop with it, "smtp:[host]".
Status Resolver::choose_by_class(Resolution& answer, const Peeled& address,
                                 std::string_view sender) const {
  const auto& [alias, mailbox, relay] =
      std::tie(settings_.virtual_alias, settings_.virtual_mailbox, settings_.relay);
  const std::string& domain = address.destination();
  const auto take = [&](int address_class, const std::string& transport) {
    answer.flags |= address_class;
    answer.transport = transport;
    answer.nexthop = domain;
  };
  if (address.ours) {
    for (const DomainList* other : {&alias, &mailbox})
      warn_if_listed(domain, "mydestination", *other);
    take(flag::kClassLocal, routes_.local);
    return {};
  }
  auto listed = is_listed(domain, alias);
  if (!listed) return std::move(listed).error();
  if (*listed) {
    for (const DomainList* other : {&mailbox, &relay})
      warn_if_listed(domain, alias.parameter, *other);
    take(flag::kClassAlias, "error:5.1.1 User unknown");
    if (settings_.show_user_unknown_table_name) answer.transport += " in virtual alias table";
    return {};
  }
  listed = is_listed(domain, mailbox);
  if (!listed) return std::move(listed).error();
  if (*listed) {
    warn_if_listed(domain, mailbox.parameter, relay);
    take(flag::kClassVirtual, routes_.virtual_mailbox);
    return {};
  }
  listed = is_listed(domain, relay);
  if (!listed) return std::move(listed).error();
  if (!*listed) return choose_default(answer, sender, domain);
  answer.flags |= flag::kClassRelay;
  answer.transport = routes_.relay;
  return choose_relayhost(answer, sender, domain);
}

Status Resolver::choose(Resolution& answer, const Peeled& address, std::string_view sender) const {
  if (Status chosen = choose_by_class(answer, address, sender); !chosen) return chosen;
  Route route = parse_route(answer.transport);
  answer.transport = std::move(route.transport);
  if (!route.nexthop.empty()) answer.nexthop = std::move(route.nexthop);
  if (!answer.transport.empty()) return {};
  msg::warn("file {}: parameter {}: null transport is not allowed", settings_.main_cf,
            routes_.sender_transport_parameter);
  return util::Error::syntax("null transport");
}

namespace {

// "user+extension@domain", "user@domain", "domain", ".parent", ..., "*" as in transport(5);
// "parent" when parents match subdomains.
Keys transport_keys(std::string_view recipient, const global::ExtensionRules& rules,
                    bool parents_match) {
  using Kind = tables::MapList::Key;
  Keys keys;
  add_address(keys, recipient, Kind::Whole, rules);
  const std::string_view domain = recipient.substr(recipient.rfind('@') + 1);
  keys.push_back({std::string(domain), Kind::Part});
  for (std::size_t dot = domain.find('.', 1); dot != std::string_view::npos;
       dot = domain.find('.', dot + 1))
    keys.push_back({std::string(domain.substr(parents_match ? dot + 1 : dot)), Kind::Part});
  keys.push_back({"*", Kind::Part});
  return keys;
}

}  // namespace

Status Resolver::apply_transport_maps(Resolution& answer, const Peeled& address) const {
  if (!routes_.transport_maps) return {};
  auto found = ask(routes_.transport_maps, transport_keys(address.recipient(), settings_.extensions,
                                                          routes_.transport_parents_match));
  if (!found) return std::move(found).error();
  if (!*found) return {};
  const Route route = parse_route(**found);
  if (route.transport.empty() && route.nexthop.empty()) return {};  // ":": as without a table
  if (!route.transport.empty()) answer.transport = route.transport;
  if (!route.nexthop.empty())
    answer.nexthop = route.nexthop;
  else
    answer.nexthop = has_reason(route.transport) ? kUndeliverable : address.destination();
  return {};
}

Status Resolver::apply_relocated(Resolution& answer, const Peeled& address) const {
  auto found = find(settings_.relocated, address.recipient());
  if (!found) return std::move(found).error();
  if (!*found) return {};
  answer.transport = "error";
  answer.nexthop = "5.1.6 User has moved to " + **found;
  return {};
}

Status Resolver::fill(Resolution& answer, std::string_view sender, std::string_view text) const {
  Peeled address;
  address.tokens = scan_internal(text);
  if (Status peeled = peel(address); !peeled) return peeled;
  const bool readable = !settings_.smtputf8 || util::is_utf8(text);
  if (readable) {
    if (Status added = add_brackets(address); !added) return added;
  }
  if (!is_valid(address, readable)) {
    answer.recipient = address.ours ? address.recipient() : to_internal(address.tokens);
    answer.flags = flag::kError | flag::kClassDefault;
    return {};
  }
  answer.recipient = address.recipient();
  if (address.local_part().find_first_of(kOperators) != std::string::npos)
    answer.flags |= flag::kRouted;
  if (Status chosen = choose(answer, address, sender); !chosen) return chosen;
  if ((answer.flags & flag::kClassAlias) == 0) {
    if (Status applied = apply_transport_maps(answer, address); !applied) return applied;
  }
  if (Status applied = apply_relocated(answer, address); !applied) return applied;
  if (!settings_.allow_min_user && address.local_part().starts_with('-'))
    answer.flags |= flag::kError;
  return {};
}

Resolution Resolver::resolve(std::string_view sender, std::string_view address) const {
  // What stock answers where it has nothing to say; clients look at the flags first.
  Resolution answer{"CHANNEL NOT UPDATED", "NEXTHOP NOT UPDATED", "NEXTRCPT NOT UPDATED", 0};
  if (!fill(answer, sender, address)) answer.flags |= flag::kFail;
  return answer;
}

}  // namespace handoff::rewrite
