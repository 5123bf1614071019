#include "master/options.h"

#include <gtest/gtest.h>

#include <vector>

namespace handoff::master {
namespace {

util::Result<MasterOptions> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "master");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  return parse_master_options(argv);
}

TEST(MasterOptions, TakesWhatScriptsGive) {
  const auto options = parse({"-w", "-c", "/x", "-v", "-v", "-e", "30"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->wait);
  EXPECT_EQ(options->config_directory, "/x");
  EXPECT_EQ(options->verbose, 2);
  EXPECT_EQ(options->exit_after, std::chrono::seconds(30));
}

TEST(MasterOptions, RefusesTheRest) {
  const std::string usage = "usage: master [-c config_dir]";
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
           {"-x"}, {"-c"}, {"-e", "x"}, {"-e", "-1"}, {"argument"}}) {
    const auto options = parse(bad);
    ASSERT_FALSE(options);
    EXPECT_TRUE(options.error().what.starts_with(usage)) << options.error().what;
  }
}

TEST(MasterOptions, RefusesWhatDoesNotGoTogether) {
  EXPECT_FALSE(parse({"-t", "-w"}));
  EXPECT_FALSE(parse({"-i", "-w"}));
  EXPECT_FALSE(parse({"-i", "-d"}));
}

}  // namespace
}  // namespace handoff::master
