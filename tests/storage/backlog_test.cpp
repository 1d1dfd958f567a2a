// Checks that the cost of a delivery does not grow with the number of waiting deliveries. The test
// stores many deliveries of few coupons, so most of them wait for an earlier delivery of the same
// coupon. The test then makes all deliveries and compares the CPU time of each tenth of them: the
// time of this thread and of the PostgreSQL processes that work for it. COUPONHOOK_LONG=1 stores a
// million deliveries (PostgreSQL: a quarter of that).

#include <ctime>
#include <iostream>
#include <sstream>

#include "deliveries_fixture.hpp"

namespace couponhook::storage {
namespace {

class BacklogTest : public WithDeliveries {
 protected:
  /// Returns the number of deliveries to store: fewer on PostgreSQL, where each delivery takes
  /// several times as long over a socket.
  static int sized(int count) { return GetParam() == "postgresql" ? count / 4 : count; }

  /// Stores `count` deliveries, `in_line` of them for each coupon. The coupons take turns: first
  /// one delivery of each coupon, then the next delivery of each coupon.
  void keep_backlog(int count, int in_line) {
    constexpr int kBatch = 500;
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

  /// Takes `count` deliveries under leases and finishes them.
  /// \return the CPU time for each delivery in microseconds.
  double drain(Deliveries& deliveries, int count) {
    // PostgreSQL returns deliveries with the same due time in any order. So a claim (a transaction
    // that takes deliveries) may find only deliveries that must wait for an earlier delivery of the
    // same coupon: the claim puts them aside and returns none.
    int only_put_aside = 0;
    const double begun = cpu_us();
    for (int done = 0; done < count;) {
      const auto claimed = claim(deliveries, kNow, std::min(200, count - done));
      if (claimed.empty() && ++only_put_aside > 5) {
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
  double cpu_us() {
    double sum = cpu_us(CLOCK_THREAD_CPUTIME_ID);
    if (GetParam() != "postgresql") return sum;
    std::istringstream processes(support::PostgresServer::shared().psql(
        url().address,
        "SELECT pid FROM pg_stat_activity"
        " WHERE application_name = 'couponhook' AND datname = current_database()"));
    for (pid_t process = 0; processes >> process;) {
      clockid_t clock{};
      if (clock_getcpuclockid(process, &clock) == 0) sum += cpu_us(clock);
    }
    return sum;
  }
  static double cpu_us(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
  }
};
COUPONHOOK_ON_EVERY_ENGINE(BacklogTest);

TEST_P(BacklogTest, DrainsAtConstantCost) {
  const bool is_long = std::getenv("COUPONHOOK_LONG") != nullptr;
  const int count = sized(is_long ? 1'000'000 : 10'000);
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

TEST_P(BacklogTest, DeliversALongQueueOfOneCoupon) {
  // All deliveries are of one coupon, so each delivery waits for all earlier deliveries.
  const int line = sized(2'000);
  keep_backlog(line, line);
  Deliveries deliveries = replica();
  const double first = drain(deliveries, line / 10);
  drain(deliveries, line - 2 * (line / 10));
  const double last = drain(deliveries, line / 10);
  EXPECT_LT(first, 20 * last)
      << "the first claims put the line aside, and no later one looks at it";
  EXPECT_EQ(counts().deliveries_done, line);
}

}  // namespace
}  // namespace couponhook::storage
