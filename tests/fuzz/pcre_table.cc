// pcre_table.cc - whatever stands in a file of rules, and whatever is asked, a pcre table answers
// or says that the key is too hard, and soon.
//
// The input is keys and rules.
#include <fuzzer/FuzzedDataProvider.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "quiet_sink.h"
#include "tables/plugins.h"
#include "tables/settings.h"
#include "tables/table.h"
#include "util/in_memory_file.h"
#include "util/msg.h"

namespace {

using namespace handoff;

constexpr std::size_t kLongestRules = 600;
constexpr std::size_t kLongestKey = 60;

void enable_pcre() {
  std::array<char, 32> directory{"/tmp/handoff-fuzz.XXXXXX"};
  if (::mkdtemp(directory.data()) == nullptr) msg::panic("no temporary directory");
  std::ofstream(std::string(directory.data()) + "/dynamicmaps.cf") << "pcre x.so f\n";
  tables::Settings settings;
  settings.find_plugin = tables::plugin_finder({directory.data(), "/nonexistent"});
  tables::configure(std::move(settings));
  if (!tables::try_open_table("pcre:{{/a/ b}}")) msg::panic("no plug-in for pcre");
  std::remove((std::string(directory.data()) + "/dynamicmaps.cf").c_str());
  std::remove(directory.data());
}

void run(FuzzedDataProvider& input) {
  const bool in_name = input.ConsumeBool();
  std::array<std::string, 4> keys;
  for (std::string& key : keys) key = input.ConsumeRandomLengthString(kLongestKey);
  const std::string rules = input.ConsumeRemainingBytesAsString().substr(0, kLongestRules);
  const auto file = util::in_memory_file("rules", rules);
  if (!file) msg::panic("{}", file.error().what);
  const std::string name =
      in_name ? "{" + rules + "}" : "/proc/self/fd/" + std::to_string(file->get());
  const auto table = tables::try_open_table("pcre:" + name);
  if (!table) return;
  for (const std::string& key : keys) (void)(*table)->lookup(key);  // an error is an answer
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  msg::add_sink(std::make_unique<fuzz::QuietSink>());
  enable_pcre();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  run(input);
  return 0;
}
