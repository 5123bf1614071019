#include "trivial-rewrite/resolver.h"

#include <utility>
#include <vector>

#include "global/mail_proto.h"
#include "trivial-rewrite/domain_name.h"
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

struct Resolver::Choice {
  int address_class = flag::kClassDefault;
  std::string transport;
  std::string nexthop;
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

// "user+extension@domain", "user@domain", (ours: "user+extension", "user",) "@domain".
std::vector<std::string> address_keys(std::string_view address, std::string_view delimiters,
                                      bool ours) {
  std::vector<std::string> keys;
  const auto add = [&](std::string_view form) {
    keys.emplace_back(form);
    if (std::string shorter = without_extension(form, delimiters); !shorter.empty())
      keys.push_back(std::move(shorter));
  };
  add(address);
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return keys;
  if (ours) add(address.substr(0, at));
  keys.emplace_back(address.substr(at));
  return keys;
}

// The first of the keys is the whole one, the others are parts of it.
tables::Answer ask(const Lookup& lookup, const std::vector<std::string>& keys) {
  using Key = tables::MapList::Key;
  if (!lookup) return std::optional<std::string>();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    tables::Answer answer = lookup(keys[i], i == 0 ? Key::Whole : Key::Part);
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
  std::vector<std::string> keys{null_key};
  if (!sender.empty()) keys = address_keys(sender, settings_.recipient_delimiter, false);
  auto found = ask(lookup, keys);
  if (found && *found && util::equal_ignoring_case(**found, kDunno))
    return std::optional<std::string>();
  return found;
}

Status Resolver::choose_relayhost(Choice& choice, std::string_view sender) const {
  auto entry = sender_entry(routes_.sender_relayhost, sender, routes_.empty_sender_relayhost_key);
  if (!entry) return std::move(entry).error();
  if (*entry)
    choice.nexthop = **entry;
  else if (!routes_.relayhost.empty())
    choice.nexthop = routes_.relayhost;
  return {};
}

Status Resolver::choose_default(Choice& choice, std::string_view sender) const {
  Route route = parse_route(routes_.other);
  auto entry = sender_entry(routes_.sender_transport, sender, routes_.empty_sender_transport_key);
  if (!entry) return std::move(entry).error();
  if (*entry) {
    Route special = parse_route(**entry);
    if (special.transport.empty()) special.transport = route.transport;
    route = std::move(special);
  }
  choice.transport = route.transport;
  if (route.nexthop.empty()) return choose_relayhost(choice, sender);
  choice.nexthop = route.nexthop;
  return {};
}

Result<Resolver::Choice> Resolver::choose(const Peeled& address, std::string_view sender) const {
  Choice choice;
  choice.nexthop = address.destination();
  const auto take = [&](const std::string& text) {
    const Route route = parse_route(text);
    choice.transport = route.transport;
    if (!route.nexthop.empty()) choice.nexthop = route.nexthop;
    return route.nexthop.empty();
  };
  if (address.ours) {
    choice.address_class = flag::kClassLocal;
    (void)take(routes_.local);  // without a next hop: our domain
    return choice;
  }
  auto test = [&](const DomainTest& is) { return is ? is(*address.domain) : Result<bool>(false); };
  const auto alias = test(settings_.is_virtual_alias);
  if (!alias) return alias.error();
  if (*alias) {
    choice.address_class = flag::kClassAlias;
    choice.transport = "error";
    choice.nexthop = settings_.show_user_unknown_table_name
                         ? "5.1.1 User unknown in virtual alias table"
                         : "5.1.1 User unknown";
    return choice;
  }
  const auto mailbox = test(settings_.is_virtual_mailbox);
  if (!mailbox) return mailbox.error();
  if (*mailbox) {
    choice.address_class = flag::kClassVirtual;
    (void)take(routes_.virtual_mailbox);  // without a next hop: that domain
    return choice;
  }
  const auto relay = test(settings_.is_relay);
  if (!relay) return relay.error();
  if (*relay) {
    choice.address_class = flag::kClassRelay;
    if (take(routes_.relay)) {
      if (Status chosen = choose_relayhost(choice, sender); !chosen)
        return std::move(chosen).error();
    }
    return choice;
  }
  if (Status chosen = choose_default(choice, sender); !chosen) return std::move(chosen).error();
  return choice;
}

namespace {

// "user+extension@domain", "user@domain", "domain", ".parent", ... as transport(5) wants them;
// "parent" when parents match subdomains.
std::vector<std::string> transport_keys(std::string_view recipient, std::string_view delimiters,
                                        bool parents_match) {
  std::vector<std::string> keys{std::string(recipient)};
  const std::size_t at = recipient.rfind('@');
  if (at == std::string_view::npos) return keys;
  if (std::string shorter = without_extension(recipient, delimiters); !shorter.empty())
    keys.push_back(std::move(shorter));
  std::string_view domain = recipient.substr(at + 1);
  keys.emplace_back(domain);
  if (!domain.empty() && domain[0] == '[') return keys;
  for (std::size_t dot = domain.find('.'); dot != std::string_view::npos;
       dot = domain.find('.', dot + 1))
    if (dot > 0) keys.emplace_back(domain.substr(parents_match ? dot + 1 : dot));
  return keys;
}

}  // namespace

Status Resolver::apply_transport_maps(Choice& choice, const Peeled& address) const {
  if (!routes_.transport_maps) return {};
  std::vector<std::string> keys = transport_keys(address.recipient(), settings_.recipient_delimiter,
                                                 routes_.transport_parents_match);
  keys.emplace_back("*");
  auto found = ask(routes_.transport_maps, keys);
  if (!found) return std::move(found).error();
  if (!*found) return {};
  const Route route = parse_route(**found);
  if (route.transport.empty() && route.nexthop.empty()) return {};  // ":": as without a table
  if (!route.transport.empty()) choice.transport = route.transport;
  choice.nexthop = route.nexthop.empty() ? address.destination() : route.nexthop;
  return {};
}

Status Resolver::apply_relocated(Choice& choice, const Peeled& address) const {
  if (!settings_.relocated) return {};
  auto found = ask(settings_.relocated,
                   address_keys(address.recipient(), settings_.recipient_delimiter, address.ours));
  if (!found) return std::move(found).error();
  if (!*found) return {};
  choice.transport = "error";
  choice.nexthop = "5.1.6 User has moved to " + **found;
  return {};
}

Result<Resolution> Resolver::try_resolve(std::string_view sender, std::string_view text) const {
  // What stock answers where it has nothing to say; clients look at the flags first.
  Resolution error{"CHANNEL NOT UPDATED", "NEXTHOP NOT UPDATED", std::string(text),
                   flag::kError | flag::kClassDefault};
  if (settings_.smtputf8 && !util::is_utf8(text)) return error;

  Peeled address;
  address.local_domain = settings_.myhostname;
  address.tokens = scan_internal(text);
  if (Status peeled = peel(address); !peeled) return std::move(peeled).error();
  if (address.local_part().empty() && (address.ours || !address.domain || address.domain->empty()))
    address.tokens.insert(address.tokens.begin(),
                          {Token::Kind::Quoted, settings_.empty_address_recipient});
  if (!address.ours && !valid_domain(address)) {
    error.recipient = to_internal(address.tokens);
    return error;
  }
  auto choice = choose(address, sender);
  if (!choice) return std::move(choice).error();
  int flags = choice->address_class;
  if (address.local_part().find_first_of(kOperators) != std::string::npos) flags |= flag::kRouted;
  if (!settings_.allow_min_user && address.local_part().starts_with('-')) flags |= flag::kError;
  if (Status applied = apply_transport_maps(*choice, address); !applied)
    return std::move(applied).error();
  if (Status applied = apply_relocated(*choice, address); !applied)
    return std::move(applied).error();
  return Resolution{choice->transport, choice->nexthop, address.recipient(), flags};
}

Resolution Resolver::resolve(std::string_view sender, std::string_view address) const {
  auto resolution = try_resolve(sender, address);
  if (resolution) return *std::move(resolution);
  return {"CHANNEL NOT UPDATED", "NEXTHOP NOT UPDATED", std::string(address),
          flag::kFail | flag::kClassDefault};
}

}  // namespace handoff::rewrite
