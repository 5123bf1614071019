#include "master/books.h"

#include <gtest/gtest.h>

namespace handoff::master {
namespace {

using Report = Books::Report;
using Death = Books::Death;
constexpr int kTaken = 0;
constexpr int kAvailable = 1;
constexpr int kExit1 = 0x100;

class BooksTest : public ::testing::Test {
 protected:
  Report note(pid_t pid, unsigned generation, int value) {
    return books.note({pid, generation, value});
  }
  Books books;
};

TEST_F(BooksTest, ListensUntilSomebodyIsThere) {
  EXPECT_TRUE(books.should_listen());
  books.forked(10, 1);
  EXPECT_FALSE(books.should_listen());
  EXPECT_EQ(note(10, 1, kTaken), Report::Noted);
  EXPECT_TRUE(books.should_listen());
  EXPECT_EQ(note(10, 1, kAvailable), Report::Noted);
  EXPECT_FALSE(books.should_listen());
}

TEST_F(BooksTest, DoesNotListenAtTheLimit) {
  books.set_process_limit(2);
  books.forked(10, 1);
  EXPECT_TRUE(books.next_is_the_last());
  (void)note(10, 1, kTaken);
  EXPECT_TRUE(books.should_listen());
  books.forked(11, 2);
  (void)note(11, 2, kTaken);
  EXPECT_FALSE(books.should_listen());
  EXPECT_TRUE(books.exhausted());
  EXPECT_EQ(books.died(10, 0), Death::Ordinary);
  EXPECT_TRUE(books.should_listen());
}

TEST_F(BooksTest, TakesAFailureBeforeTheFirstRequestForAFailedStart) {
  books.forked(10, 1);
  EXPECT_EQ(books.died(10, kExit1), Death::FailedStart);
  books.forked(11, 2);
  (void)note(11, 2, kTaken);
  EXPECT_EQ(books.died(11, kExit1), Death::FailedStart);
  books.forked(12, 3);
  EXPECT_EQ(books.died(12, 0), Death::Fruitless);
  EXPECT_EQ(books.total(), 0);
  EXPECT_EQ(books.available(), 0);
}

TEST_F(BooksTest, ForgivesACrashAfterARequest) {
  books.forked(10, 1);
  (void)note(10, 1, kTaken);
  (void)note(10, 1, kAvailable);
  (void)note(10, 1, kTaken);
  EXPECT_EQ(books.died(10, 11), Death::Ordinary);
}

TEST_F(BooksTest, SeesThroughRecordsThatMeanNothing) {
  books.forked(10, 8);
  EXPECT_EQ(note(9, 8, kTaken), Report::UnknownChild);
  EXPECT_EQ(note(10, 7, kTaken), Report::WrongGeneration);
  EXPECT_EQ(note(10, 8, 7), Report::UnknownValue);
  EXPECT_EQ(note(10, 8, kAvailable), Report::Unchanged);
  EXPECT_EQ(books.available(), 1);
  EXPECT_EQ(books.died(10, kExit1),
            Death::FailedStart);  // "available" without "taken" completes nothing
}

TEST_F(BooksTest, IsDeafWhileThrottled) {
  books.throttle();
  EXPECT_FALSE(books.should_listen());
  EXPECT_FALSE(books.exhausted());
  books.release();
  EXPECT_TRUE(books.should_listen());
}

TEST_F(BooksTest, ForgivesThoseThatAreThere) {
  books.forked(1, 1);
  books.forgive();
  books.forked(2, 2);
  EXPECT_EQ(books.died(1, kExit1), Books::Death::Ordinary);
  EXPECT_EQ(books.died(2, kExit1), Books::Death::FailedStart);
}

TEST_F(BooksTest, StrangersDoNotCount) {
  EXPECT_EQ(books.died(99, kExit1), Death::Stranger);
  EXPECT_EQ(books.total(), 0);
}

}  // namespace
}  // namespace handoff::master
