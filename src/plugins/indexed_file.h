// indexed_file.h - what the indexed files (hash, btree, lmdb, cdb) have in common: locks, keys
// with and without a trailing NUL, and a new file that takes the place of the old one at once.
#pragma once

#include <sys/stat.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/plugin.h"

namespace handoff::plugins {

// "open database /x.db: No such file or directory".
std::string cannot_open(const std::string& path, const std::string& why);
std::string errno_text(int code);

// A descriptor that closes itself.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept;
  ~File();

  // Negative, and errno says why.
  static File open(const std::string& path, int flags, unsigned mode = 0644);

  explicit operator bool() const { return descriptor_ >= 0; }
  [[nodiscard]] int get() const { return descriptor_; }
  // Still the file of that name.
  [[nodiscard]] bool is(const std::string& path) const;
  [[nodiscard]] struct stat status() const;

 private:
  int descriptor_ = -1;
};

// flock(2) for as long as it exists; the operation 0 locks nothing.
class FileLock {
 public:
  FileLock(int descriptor, int operation);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

  // An errno; 0: it is locked.
  [[nodiscard]] int error() const { return error_; }

 private:
  int descriptor_ = -1;
  int error_ = 0;
};

// Opens the file of that name and takes an exclusive lock, also when somebody else puts another
// file into its place meanwhile.
File open_locked(const std::string& path, int flags);

// How keys and values of a table end. It is unknown until something has been found, unless its
// user says so.
class NulEnding {
 public:
  // `usual` is what is written as long as nothing is known.
  NulEnding(Nul wanted, Nul usual) : known_(wanted), usual_(usual) {}

  // The endings to try when looking for a key.
  [[nodiscard]] std::span<const Nul> candidates() const;
  [[nodiscard]] Nul for_writing() const { return known_ == Nul::Unknown ? usual_ : known_; }
  void found(Nul ending) { known_ = ending; }

  static std::string append(std::string_view text, Nul ending);
  // Without the NUL at the end, if there is one.
  static std::string strip(std::string_view text);

 private:
  Nul known_;
  Nul usual_;
};

// "database F.db is older than source file F": somebody has forgotten postmap(1). A source that
// has just been edited is left alone.
void warn_if_stale(const Host& host, const File& file, const std::string& path,
                   const std::string& source);

// The new file that takes the place of `path` when it is complete: who builds a table at the same
// time waits, and who reads sees the old file or the new one.
class Replacement {
 public:
  enum class Old {
    Forgotten,
    // The new file gets its owner and mode, and those who have it locked are waited for. Where that
    // cannot be, or the directory cannot be written to, the old file is written in place, as stock
    // does; then only those who lock it see nothing of that.
    Succeeded,
  };

  Replacement(const std::string& path, Old old);
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement();

  // An errno; 0: it can be written.
  [[nodiscard]] int error() const { return error_; }
  // The file to be written; it may have a content that is to be cut off.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const File& file() const { return file_; }
  // False, and errno says why.
  bool commit();

 private:
  void open_scratch();
  [[nodiscard]] bool take_over_owner() const;

  std::string target_;
  std::string path_;
  File old_;   // locked, when there is one
  File file_;  // locked
  int error_ = 0;
};

}  // namespace handoff::plugins
