// stream.h - buffered reading and writing of a descriptor, with a time limit for each wait.
//
// For programs that serve one client at a time and for synchronous clients. It tries first and
// waits only when the kernel says EAGAIN. Reading flushes what was written before, as a dialogue
// wants it. Works on sockets and pipes; on UNIX-domain sockets descriptors can travel between the
// bytes and never get lost in a read that was too long.
//
// Errors are sticky: after the first one everything fails with it, until the stream is destroyed.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "util/pass_fd.h"
#include "util/result.h"
#include "util/unique_fd.h"

namespace handoff::util {

class Stream {
 public:
  using Duration = std::chrono::milliseconds;

  // `name` stands in log lines: "private/scache". A limit of 0 or less: wait for ever.
  Stream(UniqueFd fd, std::string name, Duration limit);
  Stream(Stream&&) = default;
  Stream& operator=(Stream&&) = default;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  // For each single wait from now on.
  void set_limit(Duration limit) { limit_ = limit; }
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  // When bytes were last read or written.
  [[nodiscard]] std::chrono::steady_clock::time_point last_io() const { return last_io_; }

  // --- Reading.
  // What has been read and not consumed; waits for at least one byte. Closed at end-of-file.
  Result<std::string_view> peek();
  // Waits for bytes beyond those that are there already; all unread bytes come back.
  Result<std::string_view> more();
  [[nodiscard]] std::string_view unread() const {
    return std::string_view(input_).substr(consumed_);
  }
  void consume(std::size_t bytes);
  Result<std::string> read_exactly(std::size_t bytes);
  // Up to and including `delimiter`, at most `limit` bytes (Limit).
  Result<std::string> read_through(char delimiter, std::size_t limit);
  // One byte and the descriptor that it carries. Protocol when it carries none or several.
  Result<UniqueFd> receive_fd();
  // Is there a byte or end-of-file to be read right now? For connections where the peer must be
  // silent: then it has hung up, or is about to.
  [[nodiscard]] bool readable_now() const;
  // Has the peer closed the socket? What it wrote before may still be there to be read.
  [[nodiscard]] bool hung_up() const;

  // --- Writing.
  // Kept until there is a good deal of it, or flush(), or a read.
  Status write(std::string_view bytes);
  Status flush();
  [[nodiscard]] std::size_t unsent() const { return output_.size(); }
  void discard_output() { output_.clear(); }
  // Flushes, then sends one byte with a copy of `fd`; the caller keeps its own.
  Status send_fd(int fd);

  // Gives the descriptor up without closing it; unread and unsent bytes are forgotten.
  [[nodiscard]] UniqueFd release();
  // Descriptors that came with bytes that nobody expected to carry one.
  [[nodiscard]] std::size_t stray_descriptors() const { return arrived_.size(); }

 private:
  enum class Kind { Socket, UnixSocket, Other };
  struct Arrived {
    std::size_t at;  // index into input_ of the byte that carried them
    Received received;
  };

  static Kind kind_of(int fd);
  Error fail(Error error);
  Result<std::size_t> read_some(char* into, std::size_t room);
  Result<std::size_t> write_some(std::string_view bytes);
  Status wait(short events, std::string_view doing);
  Status await_input();
  Status send_now(std::string_view bytes);

  UniqueFd fd_;
  Kind kind_;
  std::string name_;
  Duration limit_;
  std::string input_;
  std::size_t consumed_ = 0;
  std::string output_;
  std::deque<Arrived> arrived_;
  std::optional<Error> error_;
  std::chrono::steady_clock::time_point last_io_ = std::chrono::steady_clock::now();
};

}  // namespace handoff::util
