// socketmap_reply.cc - whatever the server of a socketmap or tcp table answers, the client makes
// of it what it can.
//
// The input is a server's whole speech, in pieces: what has been found to be complete stays so.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdint>
#include <memory>
#include <string>

#include "quiet_start.h"
#include "tables/socketmap_protocol.h"
#include "tables/tcp_protocol.h"
#include "util/msg.h"

namespace {

using namespace handoff;

// With the length of the netstring in `bytes`; 0 while it is not complete, or none.
std::size_t complete_length(std::string_view bytes) {
  const auto found = tables::find_netstring(bytes, tables::kSocketmapReplyLimit);
  if (!found || !*found) return 0;
  if ((*found)->length > bytes.size()) msg::panic("a netstring beyond its end");
  (void)tables::SocketmapReply::parse((*found)->text);
  return (*found)->length;
}

void run(const std::string& speech) {
  std::size_t length = 0;
  for (std::size_t heard = 0; heard <= speech.size(); ++heard) {
    const std::size_t now = complete_length(std::string_view(speech).substr(0, heard));
    if (length != 0 && now != length) msg::panic("a netstring changes its length");
    length = now;
  }
  const auto reply = tables::TcpReply::parse(speech);
  if (reply && tables::quote_tcp(reply->text).size() < reply->text.size())
    msg::panic("quoting makes a text shorter");
  const auto again = tables::TcpReply::parse("200 " + tables::quote_tcp(speech) + '\n');
  if (!again || again->text != speech.substr(0, speech.find('\0')))
    msg::panic("a quoted text is another one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run({reinterpret_cast<const char*>(data), size});
  return 0;
}
