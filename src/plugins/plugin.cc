#include "plugins/plugin.h"

namespace handoff::plugins {
namespace {

using tables::plugin::Plugin;

Parts parts_;

Table& table_of(void* table) {
  return *static_cast<Table*>(table);
}
Builder& builder_of(void* builder) {
  return *static_cast<Builder*>(builder);
}

Outcome tell(const Answer& answer, Sink sink) {
  if (answer.outcome == Outcome::Done || answer.failed())
    sink.put(sink.context, text_of(answer.text));
  return answer.outcome;
}

// Nothing may be thrown across the border: what is, is lack of memory, and ends the process.
Outcome open(const Request* request, void** table, Sink reason) noexcept {
  std::unique_ptr<Table> opened;
  const Outcome outcome = tell(parts_.open(*request, opened), reason);
  *table = opened.release();
  return outcome;
}

void close(void* table) noexcept {
  delete &table_of(table);
}

void properties(void* table, Properties* properties) noexcept {
  *properties = table_of(table).properties();
}

Outcome lookup(void* table, Text key, Sink value) noexcept {
  return tell(table_of(table).lookup(view(key)), value);
}

Outcome update(void* table, Text key, Text value, Sink reason) noexcept {
  return tell(table_of(table).update(view(key), view(value)), reason);
}

Outcome remove(void* table, Text key, Sink reason) noexcept {
  return tell(table_of(table).remove(view(key)), reason);
}

Outcome next(void* table, bool first, Sink key, Sink value) noexcept {
  std::string found;
  const Answer answer = table_of(table).next(first, found);
  if (answer.outcome == Outcome::Done) key.put(key.context, text_of(found));
  return tell(answer, value);
}

Outcome create(const Request* request, void** builder, Sink reason) noexcept {
  std::unique_ptr<Builder> created;
  const Outcome outcome = tell(parts_.create(*request, created), reason);
  *builder = created.release();
  return outcome;
}

Outcome put(void* builder, Text key, Text value, Sink reason) noexcept {
  return tell(builder_of(builder).put(view(key), view(value)), reason);
}

Outcome commit(void* builder, Sink reason) noexcept {
  return tell(builder_of(builder).commit(), reason);
}

void discard(void* builder) noexcept {
  delete &builder_of(builder);
}

void label(Text name, Sink label) noexcept {
  const std::string text = parts_.label(view(name));
  label.put(label.context, text_of(text));
}

Plugin make_plugin(const Parts& parts) {
  Plugin plugin{};
  plugin.version = tables::plugin::kVersion;
  plugin.open = open;
  plugin.close = close;
  plugin.properties = properties;
  plugin.lookup = lookup;
  plugin.update = update;
  plugin.remove = remove;
  plugin.next = next;
  if (parts.create == nullptr) return plugin;
  plugin.create = create;
  plugin.put = put;
  plugin.commit = commit;
  plugin.discard = discard;
  plugin.label = label;
  return plugin;
}

}  // namespace

const Plugin* export_plugin(const Parts& parts) noexcept {
  parts_ = parts;
  static const Plugin plugin = make_plugin(parts);
  return &plugin;
}

void log(const Host& host, Severity severity, std::string_view text) {
  host.log(severity, text_of(text));
}

}  // namespace handoff::plugins
