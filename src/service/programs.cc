#include "service/programs.h"

#include <fmt/format.h>

#include <algorithm>

#include "global/master_proto.h"
#include "util/text.h"

namespace handoff::service {
namespace {

namespace type = global::master_proto::type;
using util::Error;
using util::Status;

constexpr std::array kPrograms = {&kBounce, &kCleanup, &kError, &kPickup,        &kPostlogd,
                                  &kQmgr,   &kScache,  &kSmtp,  &kTrivialRewrite};

Status check_needs(const Options& options, const std::string& service, const Needs& needs) {
  if (!options.arguments.empty() && !needs.arguments) {
    return Error::syntax("unexpected command-line argument: " + options.arguments.front());
  }
  if (options.stand_alone) return {};
  const auto refuse = [&](std::string_view what) {
    return Error::syntax(fmt::format("service {} requires {}", service, what));
  };
  if (needs.processes == Needs::Processes::One && !options.one_process) {
    return refuse("a process limit of 1");
  }
  if (needs.processes == Needs::Processes::Unlimited && !options.unlimited) {
    return refuse("a process limit of 0");
  }
  if (needs.privileges && options.unprivileged) return refuse("privileged operation");
  return {};
}

Status check_transport(const Options& options, const Skeleton& skeleton) {
  if (options.stand_alone) return {};
  if (options.transport.empty()) return Error::syntax("no transport type specified");
  const auto known = [&](std::string_view transport) {
    return util::equal_ignoring_case(transport, options.transport);
  };
  if (std::any_of(skeleton.transports.begin(), skeleton.transports.end(), known)) return {};
  return Error::syntax("unsupported transport type: " + options.transport);
}

}  // namespace

const Skeleton kSingleSkeleton{.options = {.retires = true, .stand_alone = true},
                               .transports = {type::kInet, type::kUnix, type::kPass}};
const Skeleton kMultiSkeleton{.options = {}, .transports = {type::kInet, type::kUnix, type::kPass}};
const Skeleton kEventSkeleton{.options = {.retires = true, .stand_alone = true},
                              .transports = {type::kInet, type::kUnix, type::kPass}};
const Skeleton kTriggerSkeleton{.options = {},
                                .transports = {type::kUnix, type::kFifo, type::kPass}};
const Skeleton kDgramSkeleton{.options = {.retires = false, .stand_alone = false},
                              .transports = {type::kUnixDatagram}};

const Program* find_program(std::string_view name) {
  const auto* const found = std::find_if(kPrograms.begin(), kPrograms.end(),
                                         [&](const Program* each) { return each->name == name; });
  return found == kPrograms.end() ? nullptr : *found;
}

Status suits(const Options& options, const std::string& service, const Skeleton& skeleton,
             const Needs& needs) {
  if (Status met = check_needs(options, service, needs); !met) return met;
  return check_transport(options, skeleton);
}

}  // namespace handoff::service
