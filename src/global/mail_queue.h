// mail_queue.h - the directories of messages, and what is done to a message as a whole file.
//
// Paths are relative to the queue directory, which is every daemon's working directory. What is in
// a file: queue_file.h. Life cycle and mode bits: spec/queue-and-delivery.md 1.1 to 1.4.
//
// What survives a power failure: NewQueueFile::commit() returns after fsync(2) of the complete
// file, whose rename to its final name came before, so on file systems with ordered metadata (ext4,
// XFS, btrfs) name and content are both on disk; directories are not synchronised, as in stock
// Postfix. rename(), remove() and mark_done() are not synchronised at all: after a crash they
// may be undone, which delivers a message twice, and never loses one.
#pragma once

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "global/msg_stats.h"
#include "global/params.h"
#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::global {

struct Params;

// Complete: not being written, not marked corrupt, a file.
bool is_ready(const struct stat& attributes);

// A file that is being written, under its final name but with a mode that nobody reads. Removed
// again unless committed.
class NewQueueFile {
 public:
  NewQueueFile(NewQueueFile&& other) noexcept = default;
  NewQueueFile& operator=(NewQueueFile&& other) = delete;
  ~NewQueueFile();

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& queue() const { return queue_; }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  // The time that the name was made of.
  [[nodiscard]] const TimeStamp& created() const { return created_; }

  // All data must have been written. Makes the file ready (mode 0700 and `extra_mode`), durable,
  // and closes it: from now on it belongs to its reader.
  util::Status commit(mode_t extra_mode = 0);
  void discard();

 private:
  friend class MailQueue;
  NewQueueFile() = default;

  util::UniqueFd fd_;  // none after commit or discard
  std::string queue_;
  std::string id_;
  std::string path_;
  TimeStamp created_;
};

class MailQueue {
 public:
  struct Settings {
    std::vector<std::string> hashed = {"deferred", "defer"};  // hash_queue_names
    int hash_depth = 1;                                       // hash_queue_depth
    bool long_ids = false;                                    // enable_long_queue_ids

    static Settings from(const Params& params);
  };

  MailQueue() = default;
  explicit MailQueue(Settings settings) : settings_(std::move(settings)) {}

  // "incoming/6DCE2A84896", "deferred/6/6DCE2A84896".
  [[nodiscard]] std::string path(std::string_view queue, std::string_view id) const;

  // A new file (mode 0600) with a name that no other file has.
  [[nodiscard]] util::Result<NewQueueFile> create(std::string_view queue) const;
  // Elsewhere than it was made for.
  [[nodiscard]] util::Status move(NewQueueFile& file, std::string_view to) const;
  // Error System with ENOENT when somebody else was faster.
  [[nodiscard]] util::Result<util::UniqueFd> open(std::string_view queue, std::string_view id,
                                                  int flags) const;
  // To append to, made (mode 0600) when it is not there: the status logs of bounce(8).
  [[nodiscard]] util::Result<util::UniqueFd> open_log(std::string_view queue,
                                                      std::string_view id) const;
  // lstat, so a link is not mistaken for a message.
  [[nodiscard]] util::Result<struct stat> attributes(std::string_view queue,
                                                     std::string_view id) const;
  // Makes missing subdirectories.
  [[nodiscard]] util::Status rename(std::string_view id, std::string_view from,
                                    std::string_view to) const;
  [[nodiscard]] util::Status remove(std::string_view queue, std::string_view id) const;
  // Not to be delivered before `seconds` (since the epoch).
  [[nodiscard]] util::Status set_not_before(std::string_view queue, std::string_view id,
                                            std::int64_t seconds) const;

 private:
  [[nodiscard]] bool is_hashed(std::string_view queue) const;

  Settings settings_;
};

// Exclusive, without waiting; false when somebody else has it. Ends with the last descriptor.
util::Result<bool> try_lock(int fd);
// The same, shared with other delivery agents: keeps a queue manager from starting over.
util::Result<bool> try_lock_shared(int fd);
// Never again delivered to this recipient; `offset` is that of its record (Recipient::offset).
util::Status mark_done(int fd, std::int64_t offset);
// For the queue manager to put aside (mode 0400).
util::Status mark_corrupt(int fd);

// The names in a queue, in the order of the directory. Sees what is there when it comes by; names
// of one character are subdirectories.
class QueueScan {
 public:
  enum class Depth { Flat, Hashed };
  explicit QueueScan(std::string_view queue, Depth depth = Depth::Hashed);

  // Nothing at the end. A directory that is not there is empty; other errors are given once, and
  // the scan goes on.
  util::Result<std::optional<std::string>> next();

 private:
  struct Closer {
    void operator()(DIR* directory) const { closedir(directory); }
  };
  struct Level {
    std::string path;
    std::unique_ptr<DIR, Closer> directory;
  };
  util::Status enter(std::string path);

  std::vector<Level> levels_;
  std::string pending_;  // the directory to begin with
  Depth depth_;
};

}  // namespace handoff::global
