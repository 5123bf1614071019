#include "global/word_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "util/text.h"

namespace handoff::global {
namespace {

using util::Error;
using util::Status;

constexpr std::string_view kSeparators = ", \t\r\n";

enum class Form {
  One,         // whatever its case
  OneOrEmpty,  // or nothing
  List         // exactly so
};

struct Vocabulary {
  std::string_view name;
  std::string Params::*value;
  std::string_view users;  // programs, separated by commas
  Form form;
  std::string_view words;
  std::string_view rule;                           // for the explanation
  std::string_view mistake;                        // {0}: name, {1}: value, {2}: the word
  bool (*counts)(const Params& params) = nullptr;  // nothing: always
};

constexpr std::string_view kUnknownInList = "unknown {0} value \"{2}\" in \"{1}\"";

// Those of one program in the order in which Postfix looks at them.
constexpr Vocabulary kVocabularies[] = {
    {"smtp_address_preference", &Params::smtp_address_preference, "smtp", Form::One,
     "any ipv4 ipv6", "must be any, ipv4 or ipv6", "bad {0} value: {1}"},
    {"smtp_dns_support_level", &Params::smtp_dns_support_level, "smtp", Form::OneOrEmpty,
     "disabled enabled dnssec", "must be disabled, enabled or dnssec", "invalid {0}: \"{1}\""},
    {"smtp_host_lookup", &Params::smtp_host_lookup, "smtp", Form::List, "dns native",
     "must be a list of dns and native", kUnknownInList, uses_dns},
    {"smtp_dns_resolver_options", &Params::smtp_dns_resolver_options, "smtp", Form::List,
     "res_defnames res_dnsrch", "must be a list of res_defnames and res_dnsrch", kUnknownInList},
    {"smtp_address_verify_target", &Params::smtp_address_verify_target, "smtp", Form::One,
     "rcpt data", "must be rcpt or data", "bad protocol stage: \"{0} = {1}\""},
    {"receive_override_options", &Params::receive_override_options, "pickup", Form::List,
     "no_unknown_recipient_checks no_address_mappings no_header_body_checks no_milters",
     "must be a list of no_unknown_recipient_checks, no_address_mappings, no_header_body_checks "
     "and no_milters",
     kUnknownInList},
    {"smtputf8_autodetect_classes", &Params::smtputf8_autodetect_classes, "pickup", Form::List,
     "sendmail smtpd qmqpd forward bounce notify verify all",
     "must be a list of sendmail, smtpd, qmqpd, forward, bounce, notify, verify and all",
     kUnknownInList},
    {"header_from_format", &Params::header_from_format, "cleanup", Form::One, "standard obsolete",
     "must be standard or obsolete", "invalid setting: \"{0} = {1}\""},
    {"info_log_address_format", &Params::info_log_address_format, "pickup,qmgr,smtp,error",
     Form::One, "external internal", "must be external or internal",
     "invalid parameter setting \"{0} = {1}\""},
};

// The first word that is not allowed.
std::optional<std::string_view> bad_word(const Vocabulary& vocabulary, std::string_view value) {
  const std::vector<std::string_view> allowed = util::split(vocabulary.words, " ");
  const auto is_allowed = [&](std::string_view word) {
    return std::ranges::any_of(allowed, [&](std::string_view one) {
      return vocabulary.form == Form::List ? word == one : util::equal_ignoring_case(word, one);
    });
  };
  if (vocabulary.form == Form::List) {
    for (const std::string_view word : util::split(value, kSeparators))
      if (!is_allowed(word)) return word;
    return std::nullopt;
  }
  if (is_allowed(value) || (value.empty() && vocabulary.form == Form::OneOrEmpty))
    return std::nullopt;
  return value;
}

Status check(const Vocabulary& vocabulary, const Config& config, const Params& params) {
  if (vocabulary.counts != nullptr && !vocabulary.counts(params)) return {};
  const std::string& value = params.*vocabulary.value;
  const auto bad = bad_word(vocabulary, value);
  if (!bad) return {};
  config.explain(vocabulary.name, value, vocabulary.rule);
  return Error::syntax(fmt::format(fmt::runtime(vocabulary.mistake), vocabulary.name, value, *bad));
}

}  // namespace

bool uses_dns(const Params& params) {
  const std::string& level = params.smtp_dns_support_level;
  if (level.empty()) return !params.disable_dns_lookups;
  return !util::equal_ignoring_case(level, "disabled");
}

Status check_words(const Config& config, const Params& params, std::string_view program) {
  for (const Vocabulary& vocabulary : kVocabularies) {
    const auto users = util::split(vocabulary.users, ",");
    if (std::ranges::find(users, program) == users.end()) continue;
    if (Status checked = check(vocabulary, config, params); !checked) return checked;
  }
  return {};
}

std::vector<Error> find_bad_words(const Config& config, const Params& params) {
  std::vector<Error> found;
  for (const Vocabulary& vocabulary : kVocabularies)
    if (Status checked = check(vocabulary, config, params); !checked)
      found.push_back(std::move(checked).error());
  return found;
}

}  // namespace handoff::global
