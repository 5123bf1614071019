// plugin_abi.h - what a program and a table plug-in, TYPE.so, know of each other.
//
// A plug-in links its third-party library and nothing of ours, so that whatever is process-wide
// (the log, parameters) exists once. Across the border go functions and plain structures, never
// exceptions or objects of the standard library. A change of anything below changes kVersion.
//
// Ownership: texts that are passed to a function, or put into a sink, are only looked at during
// the call. What open() and create() make belongs to the program, which gives it back with close()
// and discard(); Request::host and Request::context live at least as long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace handoff::tables::plugin {

inline constexpr std::uint32_t kVersion = 2;
// The one symbol of a plug-in, a GetPlugin.
inline constexpr const char* kEntryPoint = "handoff_table_plugin";

struct Text {
  const char* data;
  std::size_t size;
};
inline std::string_view view(Text text) {
  return {text.data, text.size};
}
inline Text text_of(std::string_view text) {
  return {text.data(), text.size()};
}

// Takes what a function has to say: the value, or the reason why there is none.
struct Sink {
  void* context;
  void (*put)(void* context, Text text);
};
inline void tell(Sink sink, std::string_view text) {
  sink.put(sink.context, text_of(text));
}
// Replaces `text`, which must outlive it.
inline Sink into(std::string& text) {
  return {&text, [](void* kept, Text told) { *static_cast<std::string*>(kept) = view(told); }};
}

enum class Outcome : std::int32_t {
  Done = 0,
  Absent = 1,       // there is certainly no such key; for writing: it is there already
  Unsupported = 2,  // this type has no such operation
  Retry = -1,       // it may work later; the reason is in the sink
  Config = -2,      // somebody must repair the configuration; the same
};

enum class Severity : std::int32_t { Info, Warning };
enum class Mode : std::int32_t { Read, Write, Create };
enum class Nul : std::int32_t { Unknown, Without, With };

// Whether parameters of the table stand in a file, which is its name, or in main.cf.
inline bool names_a_file(std::string_view name) {
  return name.starts_with('/') || name.starts_with('.');
}

// What a plug-in may ask of the program.
struct Host {
  void (*log)(Severity severity, Text text);
  // A parameter of the table, `context` being the request's: from its file, or "NAME_parameter" of
  // main.cf. Config: that file cannot be read.
  Outcome (*setting)(void* context, Text parameter, Sink value);
  // A list of names as in main.cf, or null and the reason.
  void* (*open_list)(Text parameter, Text list, Sink reason);
  Outcome (*match_list)(void* list, Text name);
  void (*close_list)(void* list);
};

struct Request {
  const Host* host;
  void* context;
  Text type;
  Text name;  // what follows "type:"
  Mode mode;
  Nul trailing_nul;
  bool lock;
  bool lock_while_open;
  bool sync_updates;
  bool replace_duplicates;  // update() overwrites
  bool no_substitution;
  std::uint64_t read_cache_size;   // bytes; hash, btree
  std::uint64_t write_cache_size;  // bytes; hash, btree
  std::uint64_t map_size;          // bytes; lmdb
};

struct Properties {
  bool literal_keys;
  bool many_writers;
  // Of the file whose change makes the answers old, and owned by the table; -1: there is none.
  std::int32_t descriptor;
};

// Regular expressions, for a type whose rules the program reads itself. They match bytes, as they
// do in stock, whatever smtputf8_enable says.
namespace expression_flag {
inline constexpr std::uint32_t kIgnoreCase = 1U << 0;
inline constexpr std::uint32_t kManyLines = 1U << 1;
inline constexpr std::uint32_t kDotMatchesNewline = 1U << 2;
inline constexpr std::uint32_t kExtended = 1U << 3;
inline constexpr std::uint32_t kAnchored = 1U << 4;
inline constexpr std::uint32_t kDollarAtEndOnly = 1U << 5;
inline constexpr std::uint32_t kUngreedy = 1U << 6;
}  // namespace expression_flag

struct Group {
  std::size_t begin;  // kUnset: the group took no part
  std::size_t end;
};
inline constexpr std::size_t kUnset = static_cast<std::size_t>(-1);

struct Expressions {
  // Given back with release().
  Outcome (*compile)(Text pattern, std::uint32_t flags, void** expression, Sink reason);
  std::size_t (*count_groups)(void* expression);
  // Fills `groups`, the whole match first. Absent: no match; Retry: a limit was exceeded.
  Outcome (*match)(void* expression, Text subject, Group* groups, std::size_t count, Sink reason);
  void (*release)(void* expression);
};

struct Plugin {
  std::uint32_t version;  // kVersion; stays the first member for ever
  Outcome (*open)(const Request* request, void** table, Sink reason);
  void (*close)(void* table);
  void (*properties)(void* table, Properties* properties);
  // Keys are folded already. In a sink: the value, or the reason.
  Outcome (*lookup)(void* table, Text key, Sink value);
  Outcome (*update)(void* table, Text key, Text value, Sink reason);
  Outcome (*remove)(void* table, Text key, Sink reason);
  Outcome (*next)(void* table, bool first, Sink key, Sink value);

  // For postmap(1); null for types that it cannot make. Without commit() nothing has happened.
  Outcome (*create)(const Request* request, void** builder, Sink reason);
  // Absent: the key is there already, and stays unless replace_duplicates.
  Outcome (*put)(void* builder, Text key, Text value, Sink reason);
  Outcome (*commit)(void* builder, Sink reason);
  void (*discard)(void* builder);

  // What stands before ": duplicate entry:" in warnings, for a table of this name.
  void (*label)(Text name, Sink label);

  // Not null: then everything above but the version is.
  const Expressions* expressions;
};

using GetPlugin = const Plugin* (*)();

}  // namespace handoff::tables::plugin
