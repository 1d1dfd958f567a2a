// Tests of reading the coupon ledger page by page: no fact is read twice, no fact is missing, and
// no fact of another stock (batch of coupons) is read. The facts are written as the service writes
// them, on SQLite and on PostgreSQL.

#include "storage/ledger_reader.hpp"

#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

using Keys = std::vector<std::string>;

class LedgerReaderTest : public StoreTest {
 protected:
  LedgerReader ledger() { return LedgerReader(store().reader().value()); }

  static Keys keys(const LedgerReader::Facts& facts) {
    Keys found;
    for (const LedgerFact& fact : facts) found.push_back(fact.business_key);
    return found;
  }
};
COUPONHOOK_ON_EVERY_ENGINE(LedgerReaderTest);

TEST_P(LedgerReaderTest, PagesAStockWithoutGapOrOverlap) {
  // Two ledger facts are of one coupon, so that a page ends between them.
  write_together(redemption("n1", "c1", "t1"), redemption("n2", "c2", "t2"),
                 redemption("n3", "c2", "t3"), redemption("n4", "c3", "t4"));
  LedgerReader reader = ledger();
  Keys all;
  LedgerReader::Facts page = reader.facts_of_stock("9856000", "redeem", nullptr, 2).value();
  while (!page.empty()) {
    for (const std::string& key : keys(page)) all.push_back(key);
    const LedgerFact last = page.back();
    page = reader.facts_of_stock("9856000", "redeem", &last, 2).value();
  }
  EXPECT_EQ(all, (Keys{"t1", "t2", "t3", "t4"}));
}

TEST_P(LedgerReaderTest, ReadsNeitherOtherStocksNorOtherKinds) {
  Admission issued = redemption("n1", "c1", "t1");
  issued.fact->kind = "issue";
  Admission other = redemption("n2", "c2", "t2");
  other.fact->stock_id = "9856001";
  write_together(std::move(issued), std::move(other));
  EXPECT_EQ(keys(ledger().facts_of_stock("9856000", "redeem", nullptr, 10).value()), Keys{});
}

TEST_P(LedgerReaderTest, ReadsOneCoupon) {
  write_together(redemption("n1", "c1", "t1"), redemption("n2", "c2", "t2"));
  EXPECT_EQ(keys(ledger().facts_of_coupon("9856000", "c2").value()), Keys{"t2"});
}

TEST_P(LedgerReaderTest, ReadsTheRefundsOfTransactions) {
  write_together(refund("n1", "r1", "t1"), refund("n2", "r2", "t1"), refund("n3", "r3", "t2"));
  const std::vector<std::string> asked{"t1", "t9"};
  const auto found = ledger().refunds(asked).value();
  EXPECT_EQ(keys(found), (Keys{"r1", "r2"}));
  EXPECT_EQ(found.front().kind, "refund");
}

}  // namespace
}  // namespace couponhook::storage
