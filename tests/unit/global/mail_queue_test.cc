#include "global/mail_queue.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "global/mail_proto.h"
#include "global/queue_id.h"
#include "support/files.h"

namespace handoff::global {
namespace {

namespace fs = std::filesystem;

class MailQueueTest : public testing::Test {
 protected:
  static std::set<std::string> scan(std::string_view queue,
                                    QueueScan::Depth depth = QueueScan::Depth::Hashed) {
    std::set<std::string> names;
    QueueScan scan(queue, depth);
    while (const auto name = *scan.next()) names.insert(*name);
    return names;
  }
  std::string committed(std::string_view in) const {
    auto file = queue.create(in);
    EXPECT_TRUE(file->commit());
    return file->id();
  }

  test::WorkingDirectory directory;
  MailQueue queue;
};

TEST_F(MailQueueTest, AFileIsNotReadyBeforeItIsCommitted) {
  auto file = queue.create(queue_name::kIncoming);
  ASSERT_TRUE(file) << file.error().what;
  EXPECT_FALSE(is_ready(*queue.attributes(queue_name::kIncoming, file->id())));
  ASSERT_TRUE(file->commit(0044));
  const auto attributes = queue.attributes(queue_name::kIncoming, file->id());
  EXPECT_TRUE(is_ready(*attributes));
  EXPECT_EQ(attributes->st_mode & 07777, 0744U);
}

TEST_F(MailQueueTest, ANameTellsTheInodeOfItsFile) {
  for (const bool long_ids : {false, true}) {
    const MailQueue named({{}, 1, long_ids});
    auto file = named.create(queue_name::kIncoming);
    EXPECT_EQ(is_long_queue_id(file->id()), long_ids);
    EXPECT_EQ(inode_of_queue_id(file->id()), named.attributes("incoming", file->id())->st_ino);
  }
}

TEST_F(MailQueueTest, AFileThatIsNotCommittedDisappears) {
  { auto file = queue.create(queue_name::kIncoming); }
  EXPECT_TRUE(fs::is_empty("incoming"));
}

TEST_F(MailQueueTest, MovesBetweenFlatAndHashedQueues) {
  const std::string id = committed(queue_name::kIncoming);
  ASSERT_TRUE(queue.rename(id, queue_name::kIncoming, queue_name::kDeferred));
  EXPECT_TRUE(fs::exists(std::string("deferred/") + id[0] + "/" + id));
  EXPECT_EQ(scan(queue_name::kDeferred), std::set{id});
  ASSERT_TRUE(queue.rename(id, queue_name::kDeferred, queue_name::kActive));
  ASSERT_TRUE(queue.remove(queue_name::kActive, id));
  const auto again = queue.remove(queue_name::kActive, id);
  EXPECT_EQ(again.error().code, ENOENT);
}

TEST_F(MailQueueTest, ScansOnlyWhatCanBeAMessage) {
  const std::string id = committed(queue_name::kIncoming);
  std::ofstream("incoming/12345.99") << "being made";
  std::ofstream("incoming/core.x") << "not ours";
  fs::create_directories("incoming/A/B");
  std::ofstream("incoming/A/B/AB123") << "hashed twice";
  EXPECT_EQ(scan("incoming"), (std::set<std::string>{id, "AB123"}));
  EXPECT_EQ(scan("incoming", QueueScan::Depth::Flat), std::set{id});
  EXPECT_TRUE(scan("nowhere").empty());
}

TEST_F(MailQueueTest, OpensNoLinksAndNoFifos) {
  fs::create_directory("incoming");
  fs::create_symlink("/etc/passwd", "incoming/ABC123");
  ASSERT_EQ(mkfifo("incoming/ABC124", 0700), 0);
  EXPECT_EQ(queue.open("incoming", "ABC123", O_RDWR).error().code, ELOOP);
  EXPECT_TRUE(queue.open("incoming", "ABC124", O_RDONLY));  // at once, and is_ready() says no
  EXPECT_FALSE(is_ready(*queue.attributes("incoming", "ABC124")));
  EXPECT_FALSE(is_ready(*queue.attributes("incoming", "ABC123")));
}

TEST_F(MailQueueTest, PutsOffDelivery) {
  const std::string id = committed(queue_name::kIncoming);
  ASSERT_TRUE(queue.set_not_before("incoming", id, 2000000000));
  EXPECT_EQ(queue.attributes("incoming", id)->st_mtime, 2000000000);
}

TEST_F(MailQueueTest, ALockIsForOne) {
  const std::string id = committed(queue_name::kIncoming);
  const auto first = queue.open("incoming", id, O_RDWR);
  const auto second = queue.open("incoming", id, O_RDWR);
  EXPECT_TRUE(*try_lock(first->get()));
  EXPECT_FALSE(*try_lock(second->get()));
}

TEST_F(MailQueueTest, MarksOneByte) {
  const auto fd = test::file_with("T\x01xR\x01y");
  ASSERT_TRUE(mark_done(fd.get(), 3));
  EXPECT_EQ(test::content_of(fd.get()), "T\x01xD\x01y");
  EXPECT_FALSE(mark_done(fd.get(), 0));
  EXPECT_FALSE(mark_done(fd.get(), -1));
}

}  // namespace
}  // namespace handoff::global
