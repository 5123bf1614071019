// prefix.h - compiled once and put before every test (see the Makefile), because it is large.
// Tests include what they use nevertheless. (A guard: a precompiled header is no included file.)
#ifndef HANDOFF_TESTS_UNIT_SUPPORT_PREFIX_H
#define HANDOFF_TESTS_UNIT_SUPPORT_PREFIX_H

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#endif
