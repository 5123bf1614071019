#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "smtpstone/dump_store.h"
#include "smtpstone/folder_store.h"
#include "support/files.h"

namespace handoff::smtpstone {
namespace {

namespace fs = std::filesystem;

const Envelope kEnvelope{"2001:db8::1", "ESMTP", "me", "<a@b> SIZE=1", {"<c@d>", "<e\xff@f>"}};

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> files(const std::string& extension = "") {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator("."))
    if (entry.is_regular_file() && (extension.empty() || entry.path().extension() == extension))
      found.push_back(entry.path());
  return found;
}

TEST(FolderStore, KeepsTheBytesAndTheEnvelope) {
  const test::WorkingDirectory here;
  FolderStore store(".");
  auto writer = store.begin(kEnvelope);
  ASSERT_TRUE(writer);
  (*writer)->append("a\r\n\x80");
  (*writer)->append(std::string(100000, 'x'));
  EXPECT_TRUE(files(".eml").empty()) << "not before the message is complete";
  ASSERT_TRUE((*writer)->commit());
  ASSERT_EQ(files(".eml").size(), 1u);
  EXPECT_EQ(contents(files(".eml")[0]), "a\r\n\x80" + std::string(100000, 'x'));
  const auto json = nlohmann::json::parse(contents(files(".json").at(0)));
  EXPECT_EQ(json["mail"], "<a@b> SIZE=1");
  EXPECT_EQ(json["recipients"][0], "<c@d>");
}

TEST(FolderStore, KeepsNothingOfAMessageThatBrokeOff) {
  const test::WorkingDirectory here;
  FolderStore store(".");
  {
    auto writer = store.begin(kEnvelope);
    (*writer)->append("a");
  }
  EXPECT_TRUE(files().empty());
}

TEST(FolderStore, SaysWhereItCannotWrite) {
  const test::WorkingDirectory here;
  FolderStore store("missing");
  const auto writer = store.begin(kEnvelope);
  ASSERT_FALSE(writer);
  EXPECT_NE(writer.error().what.find("missing/"), std::string::npos);
}

TEST(DumpStore, WritesTheHeadersThatPostfixsSinkWrites) {
  const std::string headers =
      dump_headers(kEnvelope, {"", false, "start\n", "host"}, "0ca7eecf", 1700000000);
  EXPECT_EQ(headers.substr(0, headers.rfind("\n\t")),
            "start\nX-Client-Addr: ipv6:2001:db8::1\nX-Client-Proto: ESMTP\nX-Helo-Args: me\n"
            "X-Mail-Args: <a@b> SIZE=1\nX-Rcpt-Args: <c@d>\nX-Rcpt-Args: <e\xff@f>\n"
            "Received: from me ([2001:db8::1])\n\tby host (smtp-sink) with ESMTP id 0ca7eecf;");
}

TEST(DumpStore, MakesAFileForEachMessageWithUnixLineEnds) {
  const test::WorkingDirectory here;
  DumpStore store({"a/%Y/m.", false, "", "host"});
  for (int i = 0; i < 2; ++i) {
    auto writer = store.begin(kEnvelope);
    ASSERT_TRUE(writer);
    (*writer)->append("S: x\r");
    (*writer)->append("\n\r\nlo\rne\r\n");
    ASSERT_TRUE((*writer)->commit());
  }
  ASSERT_EQ(files().size(), 2u);
  const std::string text = contents(files()[0]);
  EXPECT_EQ(text.substr(text.find("S: x")), "S: x\n\nlo\rne\n\n");
}

TEST(DumpStore, AppendsToOneFile) {
  const test::WorkingDirectory here;
  DumpStore store({"all", true, "", "host"});
  auto first = store.begin(kEnvelope);
  auto second = store.begin(kEnvelope);
  (*first)->append("first\r\n");
  (*second)->append("second\r\n");
  ASSERT_TRUE((*second)->commit());
  ASSERT_TRUE((*first)->commit());
  const std::string text = contents("all");
  EXPECT_LT(text.find("second\n\n"), text.find("first\n\n"));
  EXPECT_EQ(files().size(), 1u);
}

}  // namespace
}  // namespace handoff::smtpstone
