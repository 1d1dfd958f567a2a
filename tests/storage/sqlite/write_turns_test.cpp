// Tests of WriteTurns, the queue of connections that write to one SQLite file: the storing of
// notifications goes first, then the order is by role and arrival, and waiting has a timeout.

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "storage/sqlite/write_turns.hpp"

namespace couponhook::storage {
namespace {

using enum WriterRole;
using std::chrono::milliseconds;

/// Starts threads that queue for their turn to write, one thread after the other, while another
/// writer has the turn.
class Line {
 public:
  explicit Line(WriteTurns& turns) : turns_(turns) {}
  ~Line() {
    for (std::thread& thread : threads_) thread.join();
  }
  void join(WriterRole role) {
    threads_.emplace_back([this, role] {
      ASSERT_TRUE(turns_.take(role, std::chrono::seconds(30)));
      served_.push_back(role);
      turns_.give_back();
    });
    // Gives the new thread enough time to queue before the next thread starts.
    std::this_thread::sleep_for(milliseconds(20));
  }
  [[nodiscard]] std::vector<WriterRole> served() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return served_;
  }

 private:
  WriteTurns& turns_;
  std::vector<std::thread> threads_;
  // The list is accessed only by the writer that has the turn to write, so it needs no lock.
  std::vector<WriterRole> served_;
};

TEST(WriteTurns, GiveOneAtATime) {
  WriteTurns turns;
  ASSERT_TRUE(turns.take(kDeliveries, milliseconds(0)));
  EXPECT_FALSE(turns.take(kDeliveries, milliseconds(1)));
  turns.give_back();
  EXPECT_TRUE(turns.take(kDeliveries, milliseconds(0)));
}

TEST(WriteTurns, ServeWaitersInOrder) {
  WriteTurns turns;
  ASSERT_TRUE(turns.take(kDeliveries, milliseconds(0)));
  std::vector<int> served;
  std::vector<std::thread> waiting;
  for (int i = 0; i < 5; ++i) {
    waiting.emplace_back([&, i] {
      ASSERT_TRUE(turns.take(kDeliveries, std::chrono::seconds(30)));
      served.push_back(i);
      turns.give_back();
    });
    // Gives the new thread enough time to queue before the next thread starts.
    std::this_thread::sleep_for(milliseconds(20));
  }
  turns.give_back();
  for (std::thread& thread : waiting) thread.join();
  EXPECT_EQ(served, (std::vector{0, 1, 2, 3, 4}));
}

TEST(WriteTurns, DoNotWaitForOneThatGaveUp) {
  WriteTurns turns;
  ASSERT_TRUE(turns.take(kDeliveries, milliseconds(0)));
  EXPECT_FALSE(turns.take(kDeliveries, milliseconds(1)));
  turns.give_back();
  EXPECT_TRUE(turns.take(kDeliveries, milliseconds(0)));
}

TEST(WriteTurns, ServeRolesInTheOrderOfTheirPrecedence) {
  WriteTurns turns(std::chrono::hours(1));
  ASSERT_TRUE(turns.take(kMaintenance, milliseconds(0)));
  Line line(turns);
  for (const auto role : {kMaintenance, kOperators, kDeliveries, kAdmissions, kDeliveries}) {
    line.join(role);
  }
  turns.give_back();
  EXPECT_EQ(line.served(),
            (std::vector{kAdmissions, kDeliveries, kDeliveries, kOperators, kMaintenance}));
}

TEST(WriteTurns, ServeOverdueWaitersBeforeAllButAdmissions) {
  WriteTurns turns(milliseconds(0));
  ASSERT_TRUE(turns.take(kDeliveries, milliseconds(0)));
  Line line(turns);
  for (const auto role : {kMaintenance, kDeliveries, kOperators, kAdmissions}) line.join(role);
  turns.give_back();
  EXPECT_EQ(line.served(), (std::vector{kAdmissions, kMaintenance, kDeliveries, kOperators}));
}

TEST(WriteTurns, LetMaintenanceThroughBetweenBusyDeliveries) {
  WriteTurns turns(milliseconds(20));
  std::atomic<bool> over = false;
  std::vector<std::thread> busy;
  for (int i = 0; i < 3; ++i) {
    busy.emplace_back([&] {
      while (!over) {
        ASSERT_TRUE(turns.take(kDeliveries, std::chrono::seconds(30)));
        std::this_thread::sleep_for(milliseconds(1));
        turns.give_back();
      }
    });
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(turns.take(kMaintenance, std::chrono::seconds(30)));
    turns.give_back();
  }
  over = true;
  for (std::thread& thread : busy) thread.join();
}

TEST(WriteTurns, AvoidStarvation) {
  WriteTurns turns;
  std::atomic<bool> over = false;
  std::vector<std::thread> busy;
  for (int i = 0; i < 3; ++i) {
    busy.emplace_back([&] {
      while (!over) {
        ASSERT_TRUE(turns.take(kDeliveries, std::chrono::seconds(30)));
        std::this_thread::sleep_for(milliseconds(1));
        turns.give_back();
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(turns.take(kDeliveries, milliseconds(2000)));
    turns.give_back();
  }
  over = true;
  for (std::thread& thread : busy) thread.join();
}

}  // namespace
}  // namespace couponhook::storage
