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
  std::optional<std::string> domain;  // not ours, after peeling
  bool ours = false;
  std::string local_domain;

  [[nodiscard]] std::string local_part() const {
    const auto at = find_last(tokens, '@');
    if (!at) return to_internal(tokens);
    return to_internal(Tokens(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(*at)));
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
    if (const auto at = find_last(tokens, '@')) tokens.resize(*at);
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

// Somebody may obey these, even if we do not.
constexpr std::string_view kOperators = "@!%";
constexpr std::string_view kDunno = "DUNNO";

// Without its extension; empty when it has none.
std::string without_extension(std::string_view address, std::string_view delimiters) {
  const std::size_t at = address.rfind('@');
  const std::string_view local = address.substr(0, at);
  const std::size_t extension = local.find_first_of(delimiters, 1);
  if (delimiters.empty() || extension == std::string_view::npos) return {};
  std::string shorter(local.substr(0, extension));
  if (at != std::string_view::npos) shorter += address.substr(at);
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
                 std::string_view delimiters) {
  add_forms(keys, address, kind);
  if (const std::string shorter = without_extension(address, delimiters); !shorter.empty())
    add_forms(keys, shorter, tables::MapList::Key::Part);
}

// "user+extension@domain", "user@domain", (ours: "user+extension", "user",) "@domain".
Keys address_keys(std::string_view address, std::string_view delimiters, bool ours) {
  using Kind = tables::MapList::Key;
  Keys keys;
  add_address(keys, address, Kind::Whole, delimiters);
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return keys;
  if (ours) add_address(keys, address.substr(0, at), Kind::Part, delimiters);
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
    Tokens scanned = scan_external(local);
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

Status Resolver::peel(Peeled& address) const {
  for (int layer = 0; layer < kLayers; ++layer) {
    address.find_domain();
    if (address.domain) {
      const bool bare = is_numeric(*address.domain) && is_address_literal(*address.domain);
      if (bare && settings_.resolve_numeric_domain) address.set_domain('[' + *address.domain + ']');
      if (address.domain->empty()) {
        if (!settings_.resolve_null_domain) return {};
        address.local_domain = settings_.myhostname;
      } else {
        auto local = settings_.is_local(*address.domain);
        if (!local) return std::move(local).error();
        // Without brackets an address is nobody's, also when mydestination lists it.
        if (!*local || (bare && !settings_.resolve_numeric_domain)) return {};
        address.local_domain = *address.domain;
      }
      address.drop_domain();
    }
    if (is_empty_local_part(address.tokens) || !rewrite_local_part(address.tokens)) {
      address.ours = true;
      return {};
    }
  }
  address.domain.reset();  // an address that is all layers is none
  return {};
}

bool Resolver::valid_domain(const Peeled& address) const {
  if (!address.domain || address.domain->empty()) return false;
  const std::string& domain = *address.domain;
  if (domain.front() == '[')
    return domain.back() == ']' &&
           is_address_literal(std::string_view(domain).substr(1, domain.size() - 2));
  return is_domain_name(domain, settings_.smtputf8);
}

// The sender's entry in a table of relay hosts or transports; "DUNNO" is as good as none.
Result<std::optional<std::string>> Resolver::sender_entry(const Lookup& lookup,
                                                          std::string_view sender,
                                                          const std::string& null_key) const {
  Keys keys{{null_key, tables::MapList::Key::Whole}};
  if (!sender.empty()) keys = address_keys(sender, settings_.recipient_delimiter, false);
  auto found = ask(lookup, keys);
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

// What the route names, else the sender's relay host, else everybody's, else the destination.
Status Resolver::choose_nexthop(Resolution& answer, const std::string& named,
                                std::string_view sender, const std::string& destination) const {
  if (!named.empty()) {
    answer.nexthop = named;
    return {};
  }
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
  Route route = parse_route(routes_.other);
  auto entry = sender_entry(routes_.sender_transport, sender, routes_.empty_sender_transport_key);
  if (!entry) return std::move(entry).error();
  if (*entry) {
    Route special = parse_route(**entry);
    if (special.transport.empty()) special.transport = route.transport;
    route = std::move(special);
  }
  answer.flags |= flag::kClassDefault;
  answer.transport = route.transport;
  return choose_nexthop(answer, route.nexthop, sender, destination);
}

// What the class of the domain chooses.
Status Resolver::choose(Resolution& answer, const Peeled& address, std::string_view sender) const {
  const auto& [alias, mailbox, relay] =
      std::tie(settings_.virtual_alias, settings_.virtual_mailbox, settings_.relay);
  const std::string& domain = address.destination();
  const auto take = [&](int address_class, const std::string& text) {
    Route route = parse_route(text);
    answer.flags |= address_class;
    answer.transport = std::move(route.transport);
    answer.nexthop = route.nexthop.empty() ? domain : std::move(route.nexthop);
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
    if (settings_.show_user_unknown_table_name) answer.nexthop += " in virtual alias table";
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
  const Route route = parse_route(routes_.relay);
  answer.flags |= flag::kClassRelay;
  answer.transport = route.transport;
  return choose_nexthop(answer, route.nexthop, sender, domain);
}

namespace {

// "user+extension@domain", "user@domain", "domain", ".parent", ..., "*" as in transport(5);
// "parent" when parents match subdomains.
Keys transport_keys(std::string_view recipient, std::string_view delimiters, bool parents_match) {
  using Kind = tables::MapList::Key;
  Keys keys;
  add_address(keys, recipient, Kind::Whole, delimiters);
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
  auto found =
      ask(routes_.transport_maps, transport_keys(address.recipient(), settings_.recipient_delimiter,
                                                 routes_.transport_parents_match));
  if (!found) return std::move(found).error();
  if (!*found) return {};
  const Route route = parse_route(**found);
  if (route.transport.empty() && route.nexthop.empty()) return {};  // ":": as without a table
  if (!route.transport.empty()) answer.transport = route.transport;
  answer.nexthop = route.nexthop.empty() ? address.destination() : route.nexthop;
  return {};
}

Status Resolver::apply_relocated(Resolution& answer, const Peeled& address) const {
  if (!settings_.relocated) return {};
  auto found = ask(settings_.relocated,
                   address_keys(address.recipient(), settings_.recipient_delimiter, address.ours));
  if (!found) return std::move(found).error();
  if (!*found) return {};
  answer.transport = "error";
  answer.nexthop = "5.1.6 User has moved to " + **found;
  return {};
}

Status Resolver::fill(Resolution& answer, std::string_view sender, std::string_view text) const {
  constexpr int kBadAddress = flag::kError | flag::kClassDefault;
  if (settings_.smtputf8 && !util::is_utf8(text)) {
    answer.recipient = text;
    answer.flags = kBadAddress;
    return {};
  }
  Peeled address;
  address.local_domain = settings_.myhostname;
  address.tokens = scan_internal(text);
  if (Status peeled = peel(address); !peeled) return peeled;
  if (address.local_part().empty() && (address.ours || !address.domain || address.domain->empty()))
    address.tokens.insert(address.tokens.begin(),
                          {Token::Kind::Quoted, settings_.empty_address_recipient});
  if (!address.ours && !valid_domain(address)) {
    answer.recipient = to_internal(address.tokens);
    answer.flags = kBadAddress;
    return {};
  }
  answer.recipient = address.recipient();
  if (address.local_part().find_first_of(kOperators) != std::string::npos)
    answer.flags |= flag::kRouted;
  if (Status chosen = choose(answer, address, sender); !chosen) return chosen;
  if (Status applied = apply_transport_maps(answer, address); !applied) return applied;
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
