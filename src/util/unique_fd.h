// unique_fd.h - the owner of one open file descriptor.
//
// A descriptor is in a UniqueFd from the moment it exists until the kernel closes it; whoever
// holds the UniqueFd may use it, whoever moves it away has given it up.
#pragma once

#include <unistd.h>

#include <utility>

namespace handoff::util {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  // The caller now owns the descriptor.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  // On Linux a close() that fails has closed nevertheless; there is nothing to do about it.
  void reset(int fd = -1) {
    if (fd_ >= 0) (void)::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace handoff::util
