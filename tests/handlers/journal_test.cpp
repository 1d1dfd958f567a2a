// Tests of the journal, an example of a handler that users copy and change. The tests pass events
// of each kind to the handler and read the text file that it writes.

#include "handlers/examples/journal.hpp"

#include <filesystem>
#include <iterator>

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace couponhook::examples {
namespace {

using namespace handlers;

HandlerSettings settings_for(std::map<std::string, std::string> options) {
  return {"journal", std::move(options), std::chrono::milliseconds(1000), 1};
}

Outcome deliver(Handler& handler, const CouponEvent& event) {
  return handler.handle(
      {"N-1", "1900000001", "COUPON.USE", "", 0, "notification", "{}", event, "k"});
}

TEST(Journal, WritesALineForEachRedemption) {
  const support::TemporaryFolder folder;
  const std::string file = folder.path() / "journal";
  CouponRedeemed redeemed;
  redeemed.coupon_id = "8001";
  redeemed.transaction_id = "4200";
  auto journal = make_journal(settings_for({{"file", file}}));
  ASSERT_TRUE(journal);
  EXPECT_TRUE(std::holds_alternative<Done>(deliver(**journal, redeemed)));
  EXPECT_TRUE(std::holds_alternative<Done>(deliver(**journal, redeemed)));
  std::ifstream written(file);
  const std::string text{std::istreambuf_iterator<char>(written), {}};
  EXPECT_EQ(text, "N-1 8001 4200\nN-1 8001 4200\n");
}

TEST(Journal, RejectsOtherEvents) {
  const support::TemporaryFolder folder;
  auto journal = make_journal(settings_for({{"file", folder.path() / "journal"}}));
  ASSERT_TRUE(journal);
  EXPECT_TRUE(std::holds_alternative<Dead>(deliver(**journal, OtherEvent{})));
}

TEST(Journal, SaysWhatIsWrongWithItsOptions) {
  EXPECT_NE(make_journal(settings_for({})).error().find("options.file"), std::string::npos);
  EXPECT_NE(make_journal(settings_for({{"file", "/nowhere/journal"}})).error().find("/nowhere"),
            std::string::npos);
}

}  // namespace
}  // namespace couponhook::examples
