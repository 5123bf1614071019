// programs.h - the daemons of this suite, and what each wants of its entry in master.cf.
//
// Who starts in another way ends at once, so master(8) looks here before it takes a new master.cf
// into use. A daemon takes its own row.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "service/options.h"
#include "service/process.h"
#include "util/result.h"

namespace handoff::service {

// What differs from skeleton to skeleton.
struct Skeleton {
  OptionRules options;
  std::vector<std::string_view> transports;  // master_proto::type
};
extern const Skeleton kSingleSkeleton;
extern const Skeleton kMultiSkeleton;
extern const Skeleton kEventSkeleton;
extern const Skeleton kTriggerSkeleton;
extern const Skeleton kDgramSkeleton;

struct Program {
  std::string_view name;
  const Skeleton& skeleton;
  Needs needs;
};

inline constexpr Program kBounce{
    "bounce", kSingleSkeleton, {.processes = Needs::Processes::Unlimited}};
inline constexpr Program kCleanup{
    "cleanup", kSingleSkeleton, {.processes = Needs::Processes::Unlimited}};
inline constexpr Program kError{"error", kSingleSkeleton, {}};
inline constexpr Program kPickup{"pickup", kTriggerSkeleton, {.processes = Needs::Processes::One}};
inline constexpr Program kPostlogd{
    "postlogd", kDgramSkeleton, {.processes = Needs::Processes::One, .max_use = false}};
inline constexpr Program kQmgr{
    "qmgr",
    kTriggerSkeleton,
    {.processes = Needs::Processes::One, .max_use = false, .max_idle = false}};
inline constexpr Program kScache{
    "scache", kMultiSkeleton, {.processes = Needs::Processes::One, .max_use = false}};
inline constexpr Program kSmtp{"smtp", kSingleSkeleton, {}};
inline constexpr Program kTrivialRewrite{"trivial-rewrite", kMultiSkeleton, {}};

// Null for a program of somebody else.
const Program* find_program(std::string_view name);

// Does a service that is started like this have what its program needs? The error is what the
// daemon says before it ends.
util::Status suits(const Options& options, const std::string& service, const Skeleton& skeleton,
                   const Needs& needs);

}  // namespace handoff::service
