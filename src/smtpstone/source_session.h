// source_session.h - one of the generator's parallel sessions: connects, talks, connects again.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "smtpstone/client_dialogue.h"
#include "smtpstone/message_supply.h"
#include "smtpstone/source_options.h"
#include "util/scheduler.h"
#include "util/sockets.h"
#include "util/unique_fd.h"

namespace handoff::smtpstone {

class SourceSession {
 public:
  class Host {
   public:
    Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    virtual ~Host() = default;
    virtual void message_finished() = 0;
    virtual void session_finished() = 0;  // no message is left for it
    virtual void session_failed(const std::string& reason) = 0;
  };

  // All references must outlive the session. `servers` is empty for a UNIX-domain socket.
  SourceSession(Host& host, util::Scheduler& scheduler, const SourceOptions& options,
                const std::vector<util::SocketAddress>& servers, MessageSupply& supply,
                std::mt19937& random);

  void start();

 private:
  void connect();
  [[nodiscard]] util::Result<util::UniqueFd> begin_connect() const;
  void on_connected();
  void on_connect_failed(const util::Error& error);
  void on_readable();
  void on_idle();
  void begin_message();
  void send(std::string text);
  void flush();
  void again();  // the connection is closed; the next one, if there is more to send
  void fail(const std::string& reason);
  void limit_wait();
  [[nodiscard]] util::Scheduler::Duration pause();

  Host& host_;
  util::Scheduler& scheduler_;
  const SourceOptions& options_;
  const std::vector<util::SocketAddress>& servers_;
  MessageSupply& supply_;
  std::mt19937& random_;

  std::size_t server_ = 0;
  int attempts_ = 0;
  bool reserved_ = false;  // a message that this session has promised to send
  bool sent_before_ = false;
  std::optional<ClientDialogue> dialogue_;
  int finished_before_ = 0;
  util::UniqueFd socket_;
  std::string out_;
  std::size_t out_sent_ = 0;
  util::Watch readable_;
  util::Watch writable_;
  util::Timer timer_;
};

}  // namespace handoff::smtpstone
