// message_keys.h - a message on standard input as the keys that header_checks and body_checks
// would be asked: each header with its continuation lines, each line of text.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "global/mime_structure.h"

namespace handoff::postmap {

class MessageKeys {
 public:
  struct Wanted {
    bool headers = false;
    bool body = false;
    bool mime = false;  // body parts and attached messages have headers, too
  };
  using Take = std::function<void(const std::string& key)>;

  MessageKeys(Wanted wanted, Take take);

  void line(std::string_view text);
  void end();

 private:
  using Next = global::MimeStructure::Next;

  void header_line(std::string_view text);
  void end_header();
  void body_line(std::string_view text);
  void go_on_with(Next next);

  Wanted wanted_;
  Take take_;
  global::MimeStructure structure_;
  std::string header_;
  bool in_header_ = true;
};

}  // namespace handoff::postmap
