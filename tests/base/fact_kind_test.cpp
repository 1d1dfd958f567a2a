// Checks the names of the kinds of coupon facts, which are stored in the ledger.

#include "base/fact_kind.hpp"

#include <gtest/gtest.h>

namespace couponhook::base {
namespace {

TEST(FactKind, ReadsItsOwnNames) {
  for (const auto kind : {FactKind::kIssue, FactKind::kRedeem, FactKind::kRefund}) {
    EXPECT_EQ(parse_fact_kind(to_string(kind)), kind);
  }
  EXPECT_EQ(parse_fact_kind("use"), std::nullopt);
}

TEST(FactKind, HasNamesInLowerCase) {
  EXPECT_EQ(to_string(FactKind::kRedeem), "redeem");
  EXPECT_FALSE(parse_fact_kind("Issue"));
}

}  // namespace
}  // namespace couponhook::base
