// A backlog drains at a cost per delivery that does not grow with it. Deliveries of few coupons are
// kept, so that most stand in line, and then made to the last one; the processor time that this
// thread takes for each tenth of them is compared. COUPONHOOK_LONG=1 asks for a million.

#include <ctime>
#include <iostream>

#include "deliveries_fixture.hpp"

namespace couponhook::storage {
namespace {

class BacklogTest : public WithDeliveries {
 protected:
  /// `in_line` of each coupon, coupons taking turns.
  void keep_backlog(int count, int in_line) {
    constexpr int kBatch = 1000;
    const auto connection = writer();
    BatchWriter batch_writer(*connection);
    for (int i = 0; i < count; i += kBatch) {
      std::vector<Work> batch;
      for (int j = i; j < std::min(count, i + kBatch); ++j) {
        batch.push_back({.content = event(numbered("n", j), numbered("c", j % (count / in_line))),
                         .listener = nullptr});
      }
      ASSERT_TRUE(batch_writer.write(batch, kNow));
    }
  }

  /// Takes and finishes `count`. \return CPU microseconds of each.
  static double drain(Deliveries& deliveries, int count) {
    const double begun = cpu_us();
    for (int done = 0; done < count;) {
      const auto claimed = claim(deliveries, kNow, std::min(200, count - done));
      if (claimed.empty()) {
        ADD_FAILURE() << "nothing to take with " << count - done << " to go";
        break;
      }
      std::vector<Finished> finished;
      for (const ClaimedDelivery& delivery : claimed) {
        finished.push_back({.lease = delivery.lease, .error = {}});
      }
      EXPECT_TRUE(deliveries.finish(finished, kNow));
      done += static_cast<int>(claimed.size());
    }
    return (cpu_us() - begun) / count;
  }

 private:
  static double cpu_us() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, BacklogTest, ::testing::Values("sqlite"),
                         [](const auto& engine) { return std::string(engine.param); });

TEST_P(BacklogTest, DrainsWithoutGettingDearer) {
  const bool is_long = std::getenv("COUPONHOOK_LONG") != nullptr;
  const int count = is_long ? 1'000'000 : 10'000;
  keep_backlog(count, 10);
  Deliveries deliveries = replica();
  std::vector<double> tenths;
  for (int i = 0; i < 10; ++i) tenths.push_back(drain(deliveries, count / 10));
  std::cout << count << " deliveries, microseconds each:";
  for (const double us : tenths) std::cout << ' ' << static_cast<int>(us);
  std::cout << '\n';
  const auto [least, most] = std::ranges::minmax(tenths);
  EXPECT_LT(most, 4 * least);
  EXPECT_EQ(counts().deliveries_done, count);
}

TEST_P(BacklogTest, TakesOneCouponThroughALongLine) {
  // Each stands behind all that came before it.
  constexpr int kLine = 2'000;
  keep_backlog(kLine, kLine);
  Deliveries deliveries = replica();
  const double first = drain(deliveries, kLine / 10);
  drain(deliveries, kLine - 2 * (kLine / 10));
  const double last = drain(deliveries, kLine / 10);
  EXPECT_LT(first, 20 * last)
      << "the first claims put the line aside, and no later one looks at it";
  EXPECT_EQ(counts().deliveries_done, kLine);
}

}  // namespace
}  // namespace couponhook::storage
