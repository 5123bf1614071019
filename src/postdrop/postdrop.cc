// NAME
//   postdrop - put a message into the maildrop queue
// SYNOPSIS
//   postdrop [-rv] [-c config_dir]
// DESCRIPTION
//   The postdrop command reads a message, in the form of records, from its standard input, and
//   writes it as one file into the maildrop directory, from where pickup(8) fetches it. It
//   says on its standard output what the name of the file is and, at the end, what became of it.
//   It reports success when the file is on disk. sendmail(1) runs it.
//
//   -c config_dir
//       Where main.cf is. Users other than root may name only the default directory and those
//       that the main.cf there lists in alternate_config_directories or multi_instance_directories.
//   -r  Take a message with a reply to the client; this is the only mode there is.
//   -v  Verbose logging; each -v more of it.
// SECURITY
//   The command is designed to run with set-gid privileges, so that any user can put a file into
//   the maildrop directory and nobody can look into it. It trusts neither its environment nor its
//   arguments nor its input, and lets pass only such records as cannot change anything but
//   the message itself.
// DIAGNOSTICS
//   Problems are logged, and shown on standard error. The exit status is 0 when the message is in
//   the queue. An input that ends before the end of the message is no error: nothing is queued.
//   SIGINT, SIGHUP, SIGQUIT and SIGTERM remove what has been written so far.
// BUGS
//   authorized_submit_users and local_login_sender_maps are not implemented: postdrop refuses to
//   work when they restrict anything.
// CONFIGURATION PARAMETERS
//   @parameters
// SEE ALSO
//   sendmail(1), pickup(8)

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "global/cleanup_messages.h"
#include "global/config.h"
#include "global/environment.h"
#include "global/mail_log.h"
#include "global/mail_owner.h"
#include "global/mail_proto.h"
#include "global/mail_queue.h"
#include "global/params.h"
#include "global/queue_file.h"
#include "global/record_writer.h"
#include "global/trigger.h"
#include "postdrop/record_filter.h"
#include "util/attr0.h"
#include "util/msg.h"
#include "util/or_die.h"
#include "util/standard_descriptors.h"
#include "util/stream.h"
#include "util/text.h"

namespace handoff::postdrop {
namespace {

using global::Record;
using global::RecordType;
using util::Status;
namespace cleanup_status = global::cleanup_status;
using Verdict = RecordFilter::Verdict;

// pickup(8) opens the file as another user.
constexpr mode_t kForPickup = 0044;

// --- The file must not stay behind when we are told to stop.

std::array<char, 4096> unfinished_path;

void on_signal(int) {
  // Only calls that are safe in a signal handler.
  if (unfinished_path[0] != '\0') (void)unlink(unfinished_path.data());
  _exit(EXIT_FAILURE);
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigfillset(&action.sa_mask);
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    struct sigaction before {};
    sigaction(number, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);
  }
  (void)std::signal(SIGPIPE, SIG_IGN);
  (void)std::signal(SIGXFSZ, SIG_IGN);
}

// The first byte last: from then on the path counts.
void remember(std::string_view path) {
  unfinished_path.fill('\0');
  if (path.empty() || path.size() >= unfinished_path.size()) return;
  std::memcpy(unfinished_path.data() + 1, path.data() + 1, path.size() - 1);
  unfinished_path[0] = path[0];
}

// --- What the caller must not be able to choose.

void close_inherited_descriptors() {
  if (!util::open_standard_descriptors()) _exit(EXIT_FAILURE);
  closefrom(STDERR_FILENO + 1);
}

// Keeps what import_environment allows.
void clean_environment(const global::Config& config, const global::Params& params) {
  auto environment =
      util::or_die(global::Environment::own().imported(config, params.import_environment));
  environment.set("PATH", "/bin:/usr/bin");
  environment.take_effect();
}

struct Options {
  std::string config_directory;  // empty: not given
  int verbose = 0;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int option; (option = getopt(argc, argv, "c:rv")) != -1;) {
    switch (option) {
      case 'c':
        options.config_directory = optarg;
        break;
      case 'r':
        break;
      case 'v':
        util::msg::set_verbose(++options.verbose);
        break;
      default:
        msg::fatal("usage: {} [-c config_dir] [-v]", argv[0]);
    }
  }
  return options;
}

global::Config load_config(const Options& options) {
  global::ConfigOptions choice;
  choice.process_name = "postdrop";
  choice.directory = options.config_directory;
  return global::Config::load(choice);
}

void check_that_nobody_is_restricted(const global::Params& params) {
  if (params.authorized_submit_users != "static:anyone")
    msg::fatal("authorized_submit_users = {}: not supported by this version",
               params.authorized_submit_users);
  if (params.local_login_sender_maps != "static:*")
    msg::fatal("local_login_sender_maps = {}: not supported by this version",
               params.local_login_sender_maps);
}

// --- The work.

class Submission {
 public:
  Submission(const global::Params& params, util::Stream& client)
      : params_(params), client_(client), queues_(global::MailQueue::Settings::from(params)) {}

  // The exit status.
  int run() {
    auto file = queues_.create(global::queue_name::kMaildrop);
    if (!file) msg::fatal("uid={}: {}", getuid(), file.error().what);
    remember(file->path());
    announce(file->id());
    global::RecordWriter writer(file->fd(), file->path(), params_.message_size_limit);
    writer.put(RecordType::Time, global::time_record_data(file->created()));
    if (!copy(writer)) {
      file->discard();
      return refused_ ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    const int status = finish(*file, writer);
    if (status == 0) wake_pickup();
    file->discard();
    reply(status);
    return status;
  }

 private:
  void announce(const std::string& queue_id) {
    write_out(util::attr0::encode(global::PostdropAnnouncement{queue_id}));
  }

  void reply(int status) { write_out(util::attr0::encode(global::SubmissionReply{status, ""})); }

  // A caller that does not listen finds out by our exit status.
  static void write_out(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t wrote = write(STDOUT_FILENO, bytes.data(), bytes.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }

  // False: the input ended, or cannot be a message.
  bool copy(global::RecordWriter& writer) {
    global::RecordDecoder decoder(static_cast<std::size_t>(params_.line_length_limit));
    for (;;) {
      const auto record = decoder.next();
      if (!record) return malformed(record.error().what);
      if (!*record) {
        if (!feed(decoder)) return false;
        continue;
      }
      switch (filter_.judge(**record)) {
        case Verdict::Pass:
          writer.put((*record)->type, (*record)->data);
          break;
        case Verdict::Drop:
          msg::warn("uid={}: {}", getuid(), filter_.complaint());
          break;
        case Verdict::Refuse:
          refused_ = true;
          complain(filter_.complaint());
          return false;
        case Verdict::End:
          writer.put(RecordType::End);
          return true;
      }
    }
  }

  bool feed(global::RecordDecoder& decoder) {
    const auto bytes = client_.peek();
    if (bytes) {
      decoder.feed(*bytes);
      client_.consume(bytes->size());
      return true;
    }
    // Whoever gives up closes the pipe.
    if (bytes.error().kind == util::Error::Kind::Closed && !decoder.in_record()) return false;
    return malformed(bytes.error().kind == util::Error::Kind::Closed ? "unexpected EOF in data"
                                                                     : bytes.error().what);
  }

  bool malformed(const std::string& why) {
    refused_ = true;
    msg::warn("stdin: {}", why);
    complain("malformed input");
    return false;
  }

  // A fatal line, for whoever reads the log; the end comes when the file has been removed.
  static void complain(const std::string& what) {
    const std::string text = fmt::format("uid={}: {}", getuid(), what);
    util::msg::log(util::msg::Level::Fatal, "{}", fmt::make_format_args(text));
  }

  int finish(global::NewQueueFile& file, global::RecordWriter& writer) {
    if (!filter_.complete()) return cleanup_status::kBadInput;
    Status done = writer.flush();
    if (done) done = file.commit(kForPickup);
    remember({});
    if (done) return cleanup_status::kOk;
    const bool too_big = done.error().kind == util::Error::Kind::Limit;
    msg::warn("uid={}: {}", getuid(), too_big ? util::errno_text(EFBIG) : done.error().what);
    return too_big ? cleanup_status::kTooBig : cleanup_status::kWriteError;
  }

  void wake_pickup() const {
    global::trigger_service(global::service_class::kPublic, params_.pickup_service_name,
                            std::string(1, global::trigger_request::kWakeup),
                            params_.trigger_timeout);
  }

  const global::Params& params_;
  util::Stream& client_;
  global::MailQueue queues_;
  RecordFilter filter_;
  bool refused_ = false;
};

int run(int argc, char** argv) {
  close_inherited_descriptors();
  umask(022);
  global::open_log_early("postdrop", global::LogRole::Command);
  const Options options = parse_options(argc, argv);
  const global::Config config = load_config(options);
  const global::Params params = global::load_params(config, "postdrop");
  (void)global::check_installation(config, params);
  clean_environment(config, params);
  global::open_log(config, params, "postdrop", global::LogRole::Command);
  check_that_nobody_is_restricted(params);
  if (chdir(params.queue_directory.c_str()) < 0)
    msg::fatal("chdir {}: {}", params.queue_directory, util::errno_text(errno));
  catch_signals();
  util::Stream client(util::UniqueFd(STDIN_FILENO), "stdin", params.ipc_timeout);
  return Submission(params, client).run();
}

}  // namespace
}  // namespace handoff::postdrop

int main(int argc, char** argv) {
  return handoff::postdrop::run(argc, argv);
}
