// script.h - plays the server's part of a dialogue with an engine, from a script.
//
//   C: EHLO client.example         what the engine must say next ("C: +" lines of one group follow
//   S: 250-mx.example              one another without a reply in between)
//   S: 250 PIPELINING
//   BODY                           it wants to send the text
//   TIMEOUT  or  EOF               instead of a reply
//
// At the end of the script the engine must be finished.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "global/params.h"
#include "smtp/dialogue.h"

namespace handoff::test {

// main.cf text on top of a host name and the defaults.
global::Params smtp_params(const std::string& main_cf = "");

// The outcomes, each as "sent 0 2.0.0 250 Ok", "recipient 1 4.2.2 reason", "message 5.1.0 reason",
// "site 4.4.2 reason".
std::vector<std::string> play(smtp::Dialogue& dialogue, std::string_view script);

}  // namespace handoff::test
