// Writers of one file stand in line: who comes first writes first, and waiting ends in time.

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "storage/write_turns.hpp"

namespace couponhook::storage {
namespace {

using std::chrono::milliseconds;

TEST(WriteTurns, GiveOneAtATime) {
  WriteTurns turns;
  ASSERT_TRUE(turns.take(milliseconds(0)));
  EXPECT_FALSE(turns.take(milliseconds(1)));
  turns.give_back();
  EXPECT_TRUE(turns.take(milliseconds(0)));
}

TEST(WriteTurns, ServeThoseWhoWaitInTheirOrder) {
  WriteTurns turns;
  ASSERT_TRUE(turns.take(milliseconds(0)));
  std::vector<int> served;
  std::vector<std::thread> waiting;
  for (int i = 0; i < 5; ++i) {
    waiting.emplace_back([&, i] {
      ASSERT_TRUE(turns.take(std::chrono::seconds(30)));
      served.push_back(i);
      turns.give_back();
    });
    // Long enough that the next one comes after it.
    std::this_thread::sleep_for(milliseconds(20));
  }
  turns.give_back();
  for (std::thread& thread : waiting) thread.join();
  EXPECT_EQ(served, (std::vector{0, 1, 2, 3, 4}));
}

TEST(WriteTurns, DoNotWaitForOneThatGaveUp) {
  WriteTurns turns;
  ASSERT_TRUE(turns.take(milliseconds(0)));
  EXPECT_FALSE(turns.take(milliseconds(1)));
  turns.give_back();
  EXPECT_TRUE(turns.take(milliseconds(0)));
}

TEST(WriteTurns, LetNobodyStarve) {
  WriteTurns turns;
  std::atomic<bool> over = false;
  std::vector<std::thread> busy;
  for (int i = 0; i < 3; ++i) {
    busy.emplace_back([&] {
      while (!over) {
        ASSERT_TRUE(turns.take(std::chrono::seconds(30)));
        std::this_thread::sleep_for(milliseconds(1));
        turns.give_back();
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(turns.take(milliseconds(2000)));
    turns.give_back();
  }
  over = true;
  for (std::thread& thread : busy) thread.join();
}

}  // namespace
}  // namespace couponhook::storage
