#include "service/options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace handoff::service {
namespace {

using namespace std::chrono_literals;

util::Result<Options> parse(std::vector<std::string> words, OptionRules rules = {}) {
  words.insert(words.begin(), "daemon");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  return parse_options(argv, rules);
}

std::string error_of(std::vector<std::string> words, OptionRules rules = {}) {
  const auto options = parse(std::move(words), rules);
  return options ? "" : options.error().what;
}

TEST(Options, TakesWhatMasterGivesToScache) {
  const auto options = parse({"-l", "-t", "unix", "-u", "-c"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->one_process);
  EXPECT_TRUE(options->unprivileged);
  EXPECT_TRUE(options->chroot);
  EXPECT_FALSE(options->unlimited);
  EXPECT_EQ(options->transport, "unix");
  EXPECT_EQ(options->listeners, 1);
}

TEST(Options, CountsListenersAndVerbosity) {
  const auto options = parse({"-n", "25998", "-t", "inet", "-v", "-v", "-s", "2"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->service, "25998");
  EXPECT_EQ(options->listeners, 2);
  EXPECT_EQ(options->verbose, 2);
}

TEST(Options, KeepsOverridesInOrder) {
  const auto options = parse({"-o", "stress=", "-i", "5s", "-o", " max_idle = 7s ", "-m", "9"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->overrides,
            (std::vector<std::string>{"stress=", "max_idle=5s", "max_idle=7s", "max_use=9"}));
}

TEST(Options, EndAtTheFirstArgument) {
  const auto options = parse({"-u", "#", "-c", "x"});
  ASSERT_TRUE(options);
  EXPECT_FALSE(options->chroot);
  EXPECT_EQ(options->arguments, (std::vector<std::string>{"#", "-c", "x"}));
}

TEST(Options, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(error_of({"-q"}), "invalid option: q");
  EXPECT_EQ(error_of({"-t"}), "invalid option: t");
  EXPECT_EQ(error_of({"-s", "0"}), "invalid socket_count: 0");
  EXPECT_EQ(error_of({"-s", "2x"}), "invalid socket_count: 2x");
  EXPECT_EQ(error_of({"-o", "x"}),
            "invalid \"-o x\" option value: missing '=' after attribute name");
  EXPECT_EQ(error_of({"-o", "=x"}), "invalid \"-o =x\" option value: missing attribute name");
}

TEST(Options, RetirementIsForSomeSkeletonsOnly) {
  EXPECT_EQ(error_of({"-r", "5"}), "invalid option: r");
  EXPECT_EQ(parse({"-r", "5"}, {.retires = true})->retire_after, 5s);
  EXPECT_EQ(error_of({"-r", "-1"}, {.retires = true}), "invalid retirement time: -1");
}

TEST(Options, StandAloneIsNotForDatagrams) {
  EXPECT_TRUE(parse({"-S"})->stand_alone);
  EXPECT_EQ(error_of({"-S"}, {.stand_alone = false}), "invalid option: S");
}

}  // namespace
}  // namespace handoff::service
