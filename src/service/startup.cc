#include "service/startup.h"

#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "global/master_proto.h"
#include "global/table_settings.h"
#include "global/word_values.h"
#include "service/debugger.h"
#include "util/base_name.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/sockets.h"
#include "util/text.h"

namespace handoff::service {
namespace {

namespace proto = global::master_proto;
using util::errno_text;

global::Config load_config(const std::string& program, const std::string& service,
                           const Options& options) {
  return global::Config::load({.directory = {},
                               .process_name = program,
                               .service_name = service,
                               .overrides = options.overrides,
                               .started_by_master = !options.stand_alone});
}

// Nobody but master starts daemons; a person at a terminal gets told.
void refuse_a_terminal(const Options& options) {
  if (options.attached || options.stand_alone || isatty(STDIN_FILENO) == 0) return;
  global::also_to_stderr();
  msg::fatal("do not run this command by hand");
}

unsigned generation_from_environment() {
  const char* text = std::getenv(proto::kGenerationVariable);
  if (text == nullptr) return 0;
  const auto generation = parse_generation(text);
  if (!generation) msg::fatal("bad generation: {}", text);
  return *generation;
}

void drop_group(const global::MailOwner& owner) {
  if (setgid(owner.gid) != 0) msg::fatal("setgid({}): {}", owner.gid, errno_text(errno));
  if (initgroups(owner.name.c_str(), owner.gid) != 0) {
    msg::fatal("initgroups({}, {}): {}", owner.name, owner.gid, errno_text(errno));
  }
}

void change_root(const std::string& directory) {
  if (chroot(directory.c_str()) != 0) msg::fatal("chroot({}): {}", directory, errno_text(errno));
  if (chdir("/") != 0) msg::fatal("chdir(/): {}", errno_text(errno));
}

void drop_privileges(const Started& started) {
  const Options& options = started.options;
  if (global::rootless()) {
    if (options.chroot || options.unprivileged) {
      msg::debug("not running as root: no chroot, no change of user");
    }
    return;
  }
  if (options.unprivileged) drop_group(started.owner);
  if (options.chroot) change_root(started.params.queue_directory);
  if (options.unprivileged && setuid(started.owner.uid) != 0) {
    msg::fatal("setuid({}): {}", started.owner.uid, errno_text(errno));
  }
}

}  // namespace

Started start(int argc, char** argv, const Skeleton& skeleton, const Needs& needs,
              global::LogRole log) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  (void)std::signal(SIGXFSZ, SIG_IGN);
  const std::string program(util::base_name(argc > 0 ? argv[0] : "daemon"));
  if (std::getenv(proto::kVerboseVariable) != nullptr) msg::set_verbose(1);
  global::open_log_early(program, log);

  Options options;
  auto parsed = parse_into(options, {argv, static_cast<std::size_t>(argc)}, skeleton.options);
  if (options.verbose > 0) msg::set_verbose(msg::verbose() + options.verbose);
  if (options.log_to_stderr) global::also_to_stderr();
  util::or_die(std::move(parsed));
  const std::string service = options.service.empty() ? program : options.service;

  global::Config config = load_config(program, service, options);
  global::Params params = global::load_params(config, program);
  global::MailOwner owner = global::check_installation(config, params);
  global::open_log(config, params, program, log);
  global::configure_tables(config, params);
  util::or_die(global::check_words(config, params, program));
  Started started{program, service, std::move(options), std::move(config), std::move(params),
                  owner,   0};

  refuse_a_terminal(started.options);
  util::or_die(suits(started.options, started.service, skeleton, needs));
  started.generation = generation_from_environment();
  if (started.options.debug || std::getenv(proto::kDebugVariable) != nullptr) {
    run_debugger(started.params.debugger_command);
  }
  return started;
}

void enter_jail(const Started& started, Application& application) {
  const std::string& queue = started.params.queue_directory;
  if (chdir(queue.c_str()) != 0) {
    const int code = errno;
    started.config.explain("queue_directory", queue, "must be a directory that can be searched");
    msg::fatal("chdir(\"{}\"): {}", queue, errno_text(code));
  }
  application.pre_jail();
  tzset();  // while the time zone's file can be read
  drop_privileges(started);
  application.post_jail();
}

std::vector<util::UniqueFd> take_listeners(const Started& started) {
  std::vector<util::UniqueFd> listeners;
  if (started.options.stand_alone) return listeners;
  for (int i = 0; i < started.options.listeners; ++i) {
    listeners.emplace_back(proto::kFirstListenerFd + i);
    if (auto set = util::set_close_on_exec(listeners.back().get(), true); !set) {
      msg::fatal("listener {}: {}", listeners.back().get(), set.error().what);
    }
  }
  return listeners;
}

StatusChannel take_status_channel(const Started& started) {
  using Detail = StatusChannel::Detail;
  if (started.options.stand_alone) return {util::UniqueFd(), getpid(), 0, Detail::None};
  for (const int fd : {proto::kFlowReadFd, proto::kFlowWriteFd, proto::kStatusFd}) {
    (void)util::set_close_on_exec(fd, true);  // the flow pipe matters to few
  }
  const Detail detail = started.options.one_process ? Detail::FirstRequest : Detail::EveryRequest;
  return {util::UniqueFd(proto::kStatusFd), getpid(), started.generation, detail};
}

void keep_alive(const util::UniqueFd& client, std::string_view transport) {
  if (!util::equal_ignoring_case(transport, proto::type::kInet)) return;
  const int on = 1;
  (void)setsockopt(client.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);  // it may have gone
}

}  // namespace handoff::service
