#include "tables/plugins.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "tables/plugin_abi.h"
#include "tables/plugin_table.h"
#include "util/msg.h"
#include "util/text.h"
#include "util/text_file.h"

namespace handoff::tables {
namespace {

namespace fs = std::filesystem;
using util::Error;
using util::Result;
using util::Status;

// Stock has them built in, so they stand in no dynamicmaps.cf.
constexpr std::array<std::string_view, 2> kAlwaysEnabled{"btree", "hash"};

const char* own_program() {
  return "/proc/self/exe";
}

// Whoever may write to such a file may do what we may; so it must not be just anybody.
bool is_trusted(const struct stat& file) {
  struct stat program {};
  const bool same_owner = ::stat(own_program(), &program) == 0 && file.st_uid == program.st_uid;
  const bool owner_is_trusted = file.st_uid == 0 || file.st_uid == ::geteuid() || same_owner;
  return owner_is_trusted && (file.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Error untrusted(const std::string& path) {
  return Error::syntax(path + ": file is owned or writable by non-root users");
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) return words;
    words.push_back(line.substr(0, line.find_first_of(" \t")));
    line.remove_prefix(words.back().size());
  }
}

using Types = std::set<std::string, std::less<>>;

Status read_line(std::string_view line, const std::string& path, int number, Types& types) {
  if (line.empty() || line.starts_with('#')) return {};
  const std::vector<std::string_view> words = words_of(line);
  if (words.size() != 3 && words.size() != 4)
    return Error::syntax(path + ", line " + std::to_string(number) +
                         ": Expected \"dict-type .so-name dict-function [mkmap-function]\"");
  if (!types.emplace(words.front()).second)
    msg::warn("{}: ignoring duplicate entry for \"{}\"", path, words.front());
  return {};
}

Status read_types(const std::string& path, Types& types) {
  struct stat status {};
  if (::stat(path.c_str(), &status) < 0) return {};
  if (!is_trusted(status)) {
    msg::warn("{} -- skipping this file", untrusted(path).what);
    return {};
  }
  const Result<std::string> text = util::read_text_file(path);
  if (!text) return text.error();
  std::string_view rest = *text;
  for (int number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (Status read = read_line(line, path, number, types); !read) return read;
  }
  return {};
}

std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code problem;
  fs::directory_iterator entry(directory, problem);
  for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
    const fs::path& path = entry->path();
    if (!path.filename().string().starts_with('.')) paths.push_back(path.string());
  }
  if (problem && problem != std::errc::no_such_file_or_directory)
    msg::warn("{}: directory open failed: {}", directory, util::errno_text(problem.value()));
  std::sort(paths.begin(), paths.end());
  return paths;
}

Result<Types> read_dynamicmaps(const std::string& meta_directory) {
  const std::string path = meta_directory + "/dynamicmaps.cf";
  Types types(kAlwaysEnabled.begin(), kAlwaysEnabled.end());
  if (Status read = read_types(path, types); !read) return read.error();
  for (const std::string& file : files_in(path + ".d"))
    if (Status read = read_types(file, types); !read) return read.error();
  return types;
}

// The types that have been asked for.
class PluginLoader {
 public:
  explicit PluginLoader(PluginPlaces places) : places_(std::move(places)) {}

  Result<const TableType*> find(std::string_view type);

 private:
  [[nodiscard]] Result<bool> enabled(std::string_view type);
  [[nodiscard]] std::string path_of(std::string_view type) const;

  PluginPlaces places_;
  std::optional<Types> enabled_;
  std::map<std::string, TableType, std::less<>> loaded_;
};

Result<const plugin::Plugin*> load(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) < 0) return Error::system(path, errno);
  if (!is_trusted(status)) return untrusted(path);
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Error::not_found(::dlerror());
  const auto entry = reinterpret_cast<plugin::GetPlugin>(::dlsym(library, plugin::kEntryPoint));
  if (entry == nullptr) return Error::not_found(path + ": is no plug-in for tables");
  const plugin::Plugin* found = entry();
  if (found->version != plugin::kVersion)
    return Error::not_found(path + ": belongs to another version of this program");
  return found;
}

Result<const TableType*> PluginLoader::find(std::string_view type) {
  if (const auto known = loaded_.find(type); known != loaded_.end()) return &known->second;
  const Result<bool> wanted = enabled(type);
  if (!wanted) msg::fatal("{}", wanted.error().what);
  if (!*wanted) return nullptr;
  const Result<const plugin::Plugin*> plugin = load(path_of(type));
  if (!plugin) return Error::not_found(" (" + plugin.error().what + ")");
  const std::string name(type);
  return &loaded_.emplace(name, plugin_type(name, **plugin)).first->second;
}

Result<bool> PluginLoader::enabled(std::string_view type) {
  if (std::find(kAlwaysEnabled.begin(), kAlwaysEnabled.end(), type) != kAlwaysEnabled.end())
    return true;
  if (!enabled_) {
    Result<Types> types = read_dynamicmaps(places_.meta_directory);
    if (!types) return types.error();
    enabled_ = *std::move(types);
  }
  return enabled_->contains(type);
}

std::string PluginLoader::path_of(std::string_view type) const {
  const std::string file = std::string(type) + ".so";
  std::error_code unknown;
  const fs::path program = fs::read_symlink(own_program(), unknown).parent_path().parent_path();
  for (const char* beside : {"lib/handoff", "handoff", "lib/postfix/handoff"}) {
    const fs::path path = program / beside / file;
    if (!program.empty() && fs::exists(path, unknown)) return path.string();
  }
  return places_.shlib_directory + "/handoff/" + file;
}

}  // namespace

Settings::FindPlugin plugin_finder(PluginPlaces places) {
  return [loader = std::make_shared<PluginLoader>(std::move(places))](std::string_view type) {
    return loader->find(type);
  };
}

Result<std::vector<std::string>> enabled_plugins(const std::string& meta_directory) {
  Result<Types> types = read_dynamicmaps(meta_directory);
  if (!types) return types.error();
  return std::vector<std::string>(types->begin(), types->end());
}

}  // namespace handoff::tables
