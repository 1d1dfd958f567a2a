// Checks that each deadline of a network session expires at the right time and only once, also if
// its owner changes the deadline or is destroyed meanwhile. The tests call sweep() with times of
// their own.

#include "server/net/deadlines.hpp"

#include <memory>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

class Counted final : public Deadlines::Entry {
 public:
  explicit Counted(Deadlines& list) : Entry(list) {}
  int times = 0;

 private:
  void expired() override { ++times; }
};

class SelfDestroying final : public Deadlines::Entry {
 public:
  SelfDestroying(Deadlines& list, std::unique_ptr<SelfDestroying>& owner)
      : Entry(list), owner_(owner) {}

 private:
  void expired() override { owner_.reset(); }
  std::unique_ptr<SelfDestroying>& owner_;
};

const SteadyClock::time_point kStart{};

TEST(Deadlines, ExpireOnceWhenTheirTimeHasCome) {
  Deadlines deadlines;
  Counted entry(deadlines);
  entry.expire_at(kStart + std::chrono::seconds(5));

  deadlines.sweep(kStart + std::chrono::seconds(4));
  EXPECT_EQ(entry.times, 0);
  deadlines.sweep(kStart + std::chrono::seconds(5));
  deadlines.sweep(kStart + std::chrono::seconds(6));
  EXPECT_EQ(entry.times, 1);
}

TEST(Deadlines, DoNotExpireUnlessSet) {
  Deadlines deadlines;
  Counted entry(deadlines);

  deadlines.sweep(kStart + std::chrono::hours(1000));
  EXPECT_EQ(entry.times, 0);
}

TEST(Deadlines, LetAnEntryDestroyItselfWhileSweeping) {
  Deadlines deadlines;
  Counted before(deadlines);
  std::unique_ptr<SelfDestroying> middle;
  middle = std::make_unique<SelfDestroying>(deadlines, middle);
  Counted after(deadlines);
  before.expire_at(kStart);
  middle->expire_at(kStart);
  after.expire_at(kStart);

  deadlines.sweep(kStart);
  EXPECT_EQ(middle, nullptr);
  EXPECT_EQ(before.times + after.times, 2);
}

}  // namespace
}  // namespace couponhook::server
