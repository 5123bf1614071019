// fail.h - the end of a sendmail that could not do what it was asked for.
//
// Programs that call sendmail look at its exit status (sysexits.h): most faults are such that the
// caller may try again.
#pragma once

#include <fmt/core.h>
#include <sysexits.h>

#include <string_view>

namespace handoff::sendmail {

[[noreturn]] void fail_with(int status, std::string_view text);

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  fail_with(EX_TEMPFAIL, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace handoff::sendmail
