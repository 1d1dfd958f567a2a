// Goal: what waits for each handler is counted, and nothing that is over. Method: deliveries of
// several handlers in every state, on every engine.

#include "storage/handler_backlog.hpp"

#include "deliveries_fixture.hpp"

namespace couponhook::storage {
namespace {

class HandlerBacklogTest : public WithDeliveries {
 protected:
  std::vector<std::pair<std::string, std::int64_t>> backlog() {
    const auto reader = store().reader().value();
    std::vector<std::pair<std::string, std::int64_t>> found;
    for (const HandlerBacklog& each : open_deliveries_by_handler(*reader).value()) {
      found.emplace_back(each.handler, each.open);
    }
    return found;
  }
};
COUPONHOOK_ON_EVERY_ENGINE(HandlerBacklogTest);

TEST_P(HandlerBacklogTest, CountsOpenDeliveriesOfEachHandler) {
  using Counts = std::vector<std::pair<std::string, std::int64_t>>;
  EXPECT_EQ(backlog(), Counts{});
  keep("n1", "c1");
  keep("n2", "c2");
  keep("n3", "c3");
  keep("n4", "c4", "COUPON.USE", "old");
  Deliveries deliveries = replica();
  const auto claimed = claim(deliveries);
  ASSERT_EQ(claimed.size(), 3U);
  EXPECT_EQ(backlog(), (Counts{{"crm", 3}, {"old", 1}})) << "what is being made is open";
  EXPECT_TRUE(finish(deliveries, claimed[0].lease, DeliveryResult::kDone));
  EXPECT_TRUE(finish(deliveries, claimed[1].lease, DeliveryResult::kDead));
  EXPECT_TRUE(finish(deliveries, claimed[2].lease, DeliveryResult::kRetry, kNow, kNow + 1000));
  EXPECT_EQ(backlog(), (Counts{{"crm", 1}, {"old", 1}}));
}

}  // namespace
}  // namespace couponhook::storage
