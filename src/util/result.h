// result.h - a value, or the reason why there is none.
//
// For everything that a peer, a file or the machine can do to us; what only a bug can do ends the
// process instead (msg::panic). Spelled like std::expected, which g++ 12 lacks in C++20.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace handoff::util {

struct Error {
  enum class Kind {
    System,    // a system call failed; `code` is its errno
    Timeout,   // the peer was silent for too long
    Closed,    // the peer hung up where that is legal or at least usual
    Protocol,  // the peer said something that it must not say
    Syntax,    // a file, an argument or a value is malformed
    NotFound,
    Limit,  // larger than we are willing to take
  };

  Kind kind = Kind::System;
  std::string what;  // one line, for the log; no trailing newline
  int code = 0;      // errno for System, else 0

  // "sendmsg: Broken pipe"; take `code` from errno at once, before anything can change it.
  static Error system(std::string_view what, int code);
  static Error timeout(std::string what) { return {Kind::Timeout, std::move(what), 0}; }
  static Error closed(std::string what) { return {Kind::Closed, std::move(what), 0}; }
  static Error protocol(std::string what) { return {Kind::Protocol, std::move(what), 0}; }
  static Error syntax(std::string what) { return {Kind::Syntax, std::move(what), 0}; }
  static Error not_found(std::string what) { return {Kind::NotFound, std::move(what), 0}; }
  static Error limit(std::string what) { return {Kind::Limit, std::move(what), 0}; }
};

// "Broken pipe"; "Application error" for 0, as in the log lines that we are compatible with.
std::string errno_text(int code);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {
  }  // NOLINT(google-explicit-constructor): reads as std::expected
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {
  }  // NOLINT(google-explicit-constructor): reads as std::expected

  explicit operator bool() const { return state_.index() == 0; }
  [[nodiscard]] bool has_value() const { return state_.index() == 0; }

  // Only when there is a value.
  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }

  // Only when there is none.
  [[nodiscard]] const Error& error() const& { return *std::get_if<1>(&state_); }
  [[nodiscard]] Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error)
      : failed_(true),
        error_(std::move(error)) {}  // NOLINT(google-explicit-constructor): reads as std::expected

  explicit operator bool() const { return !failed_; }
  [[nodiscard]] bool has_value() const { return !failed_; }
  [[nodiscard]] const Error& error() const& { return error_; }
  [[nodiscard]] Error&& error() && { return std::move(error_); }

 private:
  bool failed_ = false;
  Error error_;
};

using Status = Result<void>;

}  // namespace handoff::util
