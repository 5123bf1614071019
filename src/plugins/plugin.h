// plugin.h - what the plug-ins have in common: a table as a class, and the way from there to the
// functions of tables/plugin_abi.h.
//
// A plug-in's main source ends with HANDOFF_TABLE_PLUGIN({...}), the only symbol that it shows.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tables/plugin_abi.h"

namespace handoff::plugins {

using tables::plugin::Host;
using tables::plugin::into;
using tables::plugin::Mode;
using tables::plugin::Nul;
using tables::plugin::Outcome;
using tables::plugin::Properties;
using tables::plugin::Request;
using tables::plugin::Severity;
using tables::plugin::Sink;
using tables::plugin::Text;
using tables::plugin::text_of;
using tables::plugin::view;

// `text` is the value for Done, and the reason for Retry and Config.
struct Answer {
  Outcome outcome = Outcome::Done;
  std::string text;

  static Answer found(std::string value) { return {Outcome::Done, std::move(value)}; }
  static Answer done() { return {}; }
  static Answer absent() { return {Outcome::Absent, {}}; }
  static Answer unsupported() { return {Outcome::Unsupported, {}}; }
  static Answer retry(std::string reason) { return {Outcome::Retry, std::move(reason)}; }
  static Answer config(std::string reason) { return {Outcome::Config, std::move(reason)}; }

  [[nodiscard]] bool failed() const {
    return outcome == Outcome::Retry || outcome == Outcome::Config;
  }
};

class Table {
 public:
  Table() = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  virtual ~Table() = default;

  [[nodiscard]] virtual Properties properties() const = 0;
  virtual Answer lookup(std::string_view key) = 0;
  // Absent: the key is there already, and stays.
  virtual Answer update(std::string_view, std::string_view) { return Answer::unsupported(); }
  virtual Answer remove(std::string_view) { return Answer::unsupported(); }
  // The answer is the value. Absent: that was the last.
  virtual Answer next(bool first, std::string& key) {
    (void)first, (void)key;
    return Answer::unsupported();
  }
};

class Builder {
 public:
  Builder() = default;
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;
  virtual ~Builder() = default;

  // Absent: the key is there already, and stays.
  virtual Answer put(std::string_view key, std::string_view value) = 0;
  virtual Answer commit() = 0;
};

using OpenTable = Answer (*)(const Request& request, std::unique_ptr<Table>& table);
using CreateTable = Answer (*)(const Request& request, std::unique_ptr<Builder>& builder);
using Label = std::string (*)(std::string_view name);

// What a plug-in is made of; `create` and `label` are null for types that cannot be made.
struct Parts {
  OpenTable open = nullptr;
  CreateTable create = nullptr;
  Label label = nullptr;
};

// To be called once in a plug-in.
const tables::plugin::Plugin* export_plugin(const Parts& parts) noexcept;

void log(const Host& host, Severity severity, std::string_view text);
inline void warn(const Host& host, std::string_view text) {
  log(host, Severity::Warning, text);
}

}  // namespace handoff::plugins

#define HANDOFF_TABLE_PLUGIN(...)                                                          \
  extern "C" __attribute__((visibility("default"))) const handoff::tables::plugin::Plugin* \
  handoff_table_plugin() {                                                                 \
    static const auto* const plugin = handoff::plugins::export_plugin(__VA_ARGS__);        \
    return plugin;                                                                         \
  }
