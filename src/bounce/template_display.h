// template_display.h - the services that show templates and then are done: for postconf(1).
#pragma once

#include <string>
#include <string_view>

#include "bounce/templates.h"
#include "global/config.h"
#include "global/params.h"
#include "service/single_server.h"
#include "util/result.h"

namespace handoff::bounce {

// All four, as a bounce template file has them.
std::string dump(const Templates& templates);
// All four texts with their $names replaced.
util::Result<std::string> expand(const Templates& templates, const global::Config& config,
                                 const global::Params& params);

class TemplateDisplay final : public service::SingleService {
 public:
  static bool is_name(std::string_view service);

  explicit TemplateDisplay(service::Process& process) : process_(process) {}

  // Prints and ends the process: standard input stays for who comes after it in a script.
  void post_jail() override;
  void serve(service::Connection /*client*/) override {}

 private:
  service::Process& process_;
};

}  // namespace handoff::bounce
