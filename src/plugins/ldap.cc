// ldap:/path, a directory server as described in that file, or ldap:prefix, as described in
// main.cf.
#include <ldap.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugins/ldap_connection.h"
#include "plugins/ldap_settings.h"
#include "plugins/plugin.h"

namespace handoff::plugins {
namespace {

constexpr const char* kAnyEntry = "objectclass=*";

struct FreeBer {
  void operator()(BerElement* ber) const { ber_free(ber, 0); }
};
struct FreeText {
  void operator()(char* text) const { ldap_memfree(text); }
};
struct FreeValues {
  void operator()(struct berval** values) const { ldap_value_free_len(values); }
};
struct FreeUrl {
  void operator()(LDAPURLDesc* url) const { ldap_free_urldesc(url); }
};

// Names of attributes, for which case does not matter. Each stands also for itself with options,
// as "mail" for "mail;lang-de" (RFC 4512, section 2.5.2).
class Names {
 public:
  explicit Names(const std::vector<std::string>& names) {
    for (const std::string& name : names) names_.insert(lower(name));
  }
  [[nodiscard]] bool contains_itself(const std::string& name) const {
    return names_.contains(lower(name));
  }
  [[nodiscard]] bool contains(const std::string& name) const {
    std::string known = lower(name);
    while (!names_.contains(known)) {
      const std::size_t option = known.rfind(';');
      if (option == std::string::npos) return false;
      known.resize(option);
    }
    return true;
  }

 private:
  static std::string lower(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
  }

  std::set<std::string> names_;
};

struct Attribute {
  std::string name;
  std::vector<std::string> values;
};
using Attributes = std::vector<Attribute>;

// Up to a NUL, as in stock.
std::string text_of_value(const struct berval& value) {
  const std::string_view bytes(value.bv_val, value.bv_len);
  return std::string(bytes.substr(0, bytes.find('\0')));
}

Attributes attributes_of(LDAP* handle, LDAPMessage* entry) {
  Attributes attributes;
  BerElement* state = nullptr;
  char* next = ldap_first_attribute(handle, entry, &state);
  const std::unique_ptr<BerElement, FreeBer> state_owner(state);
  for (; next != nullptr; next = ldap_next_attribute(handle, entry, state)) {
    const std::unique_ptr<char, FreeText> name(next);
    const std::unique_ptr<struct berval*, FreeValues> values(
        ldap_get_values_len(handle, entry, name.get()));
    Attribute attribute{name.get(), {}};
    for (struct berval** value = values.get(); value != nullptr && *value != nullptr; ++value)
      attribute.values.push_back(text_of_value(**value));
    attributes.push_back(std::move(attribute));
  }
  return attributes;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    const int more = lead < 0x80   ? 0
                     : lead < 0xc2 ? -1
                     : lead < 0xe0 ? 1
                     : lead < 0xf0 ? 2
                     : lead < 0xf5 ? 3
                                   : -1;
    if (more < 0 || i + static_cast<std::size_t>(more) > text.size()) return false;
    for (int k = 0; k < more; ++k)
      if ((static_cast<unsigned char>(text[i++]) & 0xc0U) != 0x80U) return false;
  }
  return true;
}

// One key: the values that are found for it, also in entries that others lead to.
class Expansion {
 public:
  Expansion(const LdapSettings& settings, LdapConnection& connection, const Host& host,
            std::string_view key)
      : settings_(settings),
        connection_(connection),
        host_(host),
        key_(key),
        result_names_(settings.result_attributes),
        special_names_(settings.special_attributes),
        terminal_names_(settings.terminal_attributes),
        leaf_names_(settings.leaf_attributes) {}

  Answer run(const std::string& base, const std::string& filter);

 private:
  Answer read(const LdapResult& result, int depth);
  Answer read_entry(const Attributes& attributes, int depth);
  Answer add_values(const Attribute& attribute);
  Answer follow(const Attribute& attribute, int depth);
  Answer follow_one(const std::string& target, int depth);
  [[nodiscard]] std::optional<LdapSearch> search_for(const std::string& target) const;
  [[nodiscard]] std::vector<std::string> all_names() const;
  Answer on_error(int error, const std::string& base);
  Answer limit_exceeded(const std::string& which) const;
  [[nodiscard]] Answer failure(const std::string& problem) const;

  const LdapSettings& settings_;
  LdapConnection& connection_;
  const Host& host_;
  std::string_view key_;
  Names result_names_;
  Names special_names_;
  Names terminal_names_;
  Names leaf_names_;
  std::string values_;
  int count_ = 0;
};

std::vector<std::string> Expansion::all_names() const {
  std::vector<std::string> names;
  for (const auto* list : {&settings_.result_attributes, &settings_.terminal_attributes,
                           &settings_.leaf_attributes, &settings_.special_attributes})
    names.insert(names.end(), list->begin(), list->end());
  return names;
}

Answer Expansion::run(const std::string& base, const std::string& filter) {
  const LdapSearch search{base, settings_.scope, filter, all_names(), settings_.size_limit};
  LdapResult result;
  const int error = connection_.search(search, host_, result);
  if (error != LDAP_SUCCESS) return on_error(error, base);
  if (Answer read_all = read(result, 1); read_all.failed()) return read_all;
  return count_ == 0 ? Answer::absent() : Answer::found(std::move(values_));
}

Answer Expansion::failure(const std::string& problem) const {
  Answer answer = Answer::retry("dict_ldap_lookup: " + settings_.name + ": " + problem);
  warn(host_, answer.text);
  return answer;
}

Answer Expansion::on_error(int error, const std::string& base) {
  const std::string text = std::to_string(error) + ": " + ldap_err2string(error);
  if (connection_.handle() == nullptr) return Answer::retry(text);  // which has been logged
  if (error == LDAP_NO_SUCH_OBJECT) {
    // A base that is made of the key may well not be there.
    if (!settings_.search_base.is_fixed()) return Answer::absent();
    return failure("Search base '" + base + "' not found: " + text);
  }
  if (error == LDAP_SIZELIMIT_EXCEEDED) return limit_exceeded("Size");
  connection_.close();
  return failure("Search error " + text);
}

Answer Expansion::limit_exceeded(const std::string& which) const {
  return failure(which + " limit exceeded for key: '" + std::string(key_) + "'");
}

Answer Expansion::read(const LdapResult& result, int depth) {
  LDAP* handle = connection_.handle();
  if (settings_.size_limit > 0 && ldap_count_entries(handle, result.get()) > settings_.size_limit)
    return limit_exceeded("Size");
  // Following may make a new connection, and entries belong to the old one.
  std::vector<Attributes> entries;
  for (LDAPMessage* entry = ldap_first_entry(handle, result.get()); entry != nullptr;
       entry = ldap_next_entry(handle, entry))
    entries.push_back(attributes_of(handle, entry));
  for (const Attributes& entry : entries)
    if (Answer answer = read_entry(entry, depth); answer.failed()) return answer;
  return Answer::done();
}

// As in stock, an attribute with options does not make an entry a terminal one, or no leaf.
Answer Expansion::read_entry(const Attributes& attributes, int depth) {
  const auto has = [&](const Names& names) {
    return std::any_of(attributes.begin(), attributes.end(), [&](const Attribute& attribute) {
      return !attribute.values.empty() && names.contains_itself(attribute.name);
    });
  };
  const bool is_terminal = has(terminal_names_);
  const bool is_leaf = !is_terminal && !has(special_names_);
  for (const Attribute& attribute : attributes) {
    const bool counts = terminal_names_.contains(attribute.name) ||
                        (!is_terminal && (result_names_.contains(attribute.name) ||
                                          (is_leaf && leaf_names_.contains(attribute.name))));
    Answer answer;
    if (counts)
      answer = add_values(attribute);
    else if (!is_terminal && special_names_.contains(attribute.name))
      answer = follow(attribute, depth);
    if (answer.failed()) return answer;
  }
  return Answer::done();
}

Answer Expansion::add_values(const Attribute& attribute) {
  for (const std::string& value : attribute.values) {
    if (value.empty()) {
      warn(host_, "table \"ldap:" + settings_.name + "\": empty lookup result for: \"" +
                      std::string(key_) + "\" -- ignored");
      continue;
    }
    const std::optional<std::string> text = settings_.result_format.expand_result(value, key_);
    if (!text) continue;
    if (settings_.expansion_limit > 0 && count_ >= settings_.expansion_limit)
      return limit_exceeded("Expansion");
    if (count_++ > 0) values_.push_back(',');
    values_ += *text;
  }
  return Answer::done();
}

Answer Expansion::follow(const Attribute& attribute, int depth) {
  for (const std::string& target : attribute.values) {
    if (depth >= settings_.recursion_limit) {
      return failure("Recursion limit exceeded for special attribute " + attribute.name + '=' +
                     target);
    }
    if (Answer answer = follow_one(target, depth); answer.failed()) return answer;
  }
  return Answer::done();
}

Answer Expansion::follow_one(const std::string& target, int depth) {
  const std::optional<LdapSearch> search = search_for(target);
  if (!search) return failure("malformed URL " + target);
  if (search->attributes.empty()) return Answer::done();
  LdapResult result;
  const int error = connection_.search(*search, host_, result);
  if (error == LDAP_SUCCESS) return read(result, depth + 1);
  if (error != LDAP_NO_SUCH_OBJECT) return on_error(error, search->base);
  warn(host_, "dict_ldap_lookup: " + settings_.name + ": DN " + target + " not found, skipping");
  return Answer::done();
}

// A distinguished name, or a URL; the server of a URL is ours, whatever it says. Nothing: the URL
// is malformed.
std::optional<LdapSearch> Expansion::search_for(const std::string& target) const {
  LdapSearch search{target, LDAP_SCOPE_BASE, kAnyEntry, all_names(), settings_.size_limit};
  if (ldap_is_ldap_url(target.c_str()) == 0) return search;
  LDAPURLDesc* parsed = nullptr;
  if (ldap_url_parse(target.c_str(), &parsed) != LDAP_URL_SUCCESS) return std::nullopt;
  const std::unique_ptr<LDAPURLDesc, FreeUrl> url(parsed);
  search.base = url->lud_dn != nullptr ? url->lud_dn : "";
  search.scope = url->lud_scope == LDAP_SCOPE_DEFAULT ? LDAP_SCOPE_BASE : url->lud_scope;
  if (url->lud_filter != nullptr) search.filter = url->lud_filter;
  if (url->lud_attrs == nullptr) return search;
  const Names ours(search.attributes);
  search.attributes.clear();
  for (char** name = url->lud_attrs; *name != nullptr; ++name)
    if (ours.contains(*name)) search.attributes.emplace_back(*name);
  return search;
}

class LdapTable : public Table {
 public:
  explicit LdapTable(const Host& host) : host_(host) {}
  ~LdapTable() override {
    if (domains_ != nullptr) host_.close_list(domains_);
  }

  Answer open(const Request& request);

  [[nodiscard]] Properties properties() const override { return {true, false, -1}; }
  Answer lookup(std::string_view key) override;

 private:
  Answer matches_domain(std::string_view key) const;

  const Host& host_;
  LdapSettings settings_;
  void* domains_ = nullptr;
  std::shared_ptr<LdapConnection> connection_;
};

Answer LdapTable::open(const Request& request) {
  if (Answer read = read_ldap_settings(request, settings_); read.failed()) return read;
  if (!settings_.domain.empty()) {
    const std::string parameter = settings_.name + ": domain";
    std::string reason;
    domains_ = host_.open_list(text_of(parameter), text_of(settings_.domain), into(reason));
    if (domains_ == nullptr) return Answer::config(reason);
  }
  connection_ = LdapConnection::to(settings_.server);
  return Answer::done();
}

Answer LdapTable::matches_domain(std::string_view key) const {
  if (domains_ == nullptr) return Answer::done();
  const std::size_t at = key.rfind('@');
  if (at == std::string_view::npos || at == 0) return Answer::absent();
  const Outcome outcome = host_.match_list(domains_, text_of(key.substr(at + 1)));
  if (outcome == Outcome::Retry)
    return Answer::retry("dict_ldap_lookup: " + settings_.name + ": domain: table lookup problem");
  return {outcome, {}};
}

Answer LdapTable::lookup(std::string_view key) {
  if (!is_utf8(key)) return Answer::absent();
  if (Answer matches = matches_domain(key); matches.outcome != Outcome::Done) return matches;
  if (key.empty()) {
    warn(host_, "table \"ldap:" + settings_.name + "\": empty query string -- ignored");
    return Answer::absent();
  }
  const auto base = settings_.search_base.expand(key, quote_for_dn);
  const auto filter = settings_.query_filter.expand(key, quote_for_filter);
  if (!base || !filter) return Answer::absent();
  return Expansion(settings_, *connection_, host_, key).run(*base, *filter);
}

Answer open_ldap_table(const Request& request, std::unique_ptr<Table>& table) {
  if (request.mode != Mode::Read)
    return Answer::config("ldap:" + std::string(view(request.name)) +
                          " map requires O_RDONLY access mode");
  auto opened = std::make_unique<LdapTable>(*request.host);
  Answer answer = opened->open(request);
  if (!answer.failed()) table = std::move(opened);
  return answer;
}

}  // namespace
}  // namespace handoff::plugins

HANDOFF_TABLE_PLUGIN({handoff::plugins::open_ldap_table})
