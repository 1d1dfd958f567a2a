// Tests of class Reader, which reads the store for the status endpoint: lists and their cursors,
// filters, the quarantine, totals.

#include "storage/counter_deltas.hpp"
#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

class ReaderTest : public StoreTest {
 protected:
  void keep(int from, int to) {
    std::vector<Work> batch;
    for (int i = from; i < to; ++i) {
      Admission a = admission(numbered("n", i));
      a.received_at_ms = kNow + i;
      a.event_type = i % 2 == 0 ? "COUPON.USE" : "COUPON.SEND";
      batch.push_back({.content = std::move(a), .listener = nullptr});
    }
    write(std::move(batch));
  }
  NotificationPage list(const NotificationFilter& filter) {
    return reader().notifications(filter).value();
  }
  std::vector<std::string> ids(const NotificationFilter& filter) {
    std::vector<std::string> found;
    for (const NotificationRecord& record : list(filter).items) found.push_back(record.id);
    return found;
  }
};
COUPONHOOK_ON_EVERY_ENGINE(ReaderTest);
using Ids = std::vector<std::string>;

NotificationFilter filter() {
  return {};
}

TEST_P(ReaderTest, CountsNothingInAnEmptyStore) {
  const StoreCounts totals = counts();
  EXPECT_EQ(totals.stored, 0);
  EXPECT_TRUE(totals.by_type.empty());
  EXPECT_FALSE(totals.last_received_at_ms);
  EXPECT_FALSE(totals.oldest_pending_at_ms);
}

TEST_P(ReaderTest, ReportsTheTimeOfTheLastNotification) {
  keep(0, 1);
  keep(1, 2);
  EXPECT_EQ(counts().last_received_at_ms, kNow + 1);
}

TEST_P(ReaderTest, ReportsTheAgeOfTheOldestOpenDelivery) {
  for (const int age : {30, 20}) {
    Admission a = admission(numbered("n", age));
    a.received_at_ms = kNow - age;
    a.deliveries = {{.handler = "crm", .ordering_key = ""}};
    write_together(a);
  }
  EXPECT_EQ(counts().oldest_pending_at_ms, kNow - 30);
}

TEST_P(ReaderTest, FindsNothingUnderAnIdThatNeverCame) {
  EXPECT_FALSE(reader().notification("n1").value());
}

TEST_P(ReaderTest, FindsNothingUnderNoId) {
  write_together(quarantined('x', ""));
  EXPECT_FALSE(reader().notification("").value());
}

TEST_P(ReaderTest, SearchesTheQuarantineIfNoneIsStored) {
  write_together(quarantined('x', "n1"));
  const NotificationRecord record = kept("n1");
  EXPECT_EQ(record.state, "quarantined");
  EXPECT_EQ(record.quarantine_reason, "DECRYPT_FAILED");
  EXPECT_EQ(record.quarantine_detail, "no key opens it");
  EXPECT_TRUE(record.resource.empty());
}

TEST_P(ReaderTest, PrefersStoredToQuarantined) {
  write_together(quarantined('x', "n1"), admission("n1"));
  EXPECT_EQ(kept("n1").state, "done");
}

TEST_P(ReaderTest, ListsNewestFirst) {
  keep(0, 3);
  EXPECT_EQ(ids(filter()), (Ids{"n2", "n1", "n0"}));
}

TEST_P(ReaderTest, ListsWithoutContent) {
  keep(0, 1);
  EXPECT_TRUE(list(filter()).items.at(0).resource.empty());
}

TEST_P(ReaderTest, ListsWholeOnesWhereAsked) {
  std::vector<Work> batch;
  for (int i = 0; i < 40; ++i) {
    Admission a = admission(numbered("n", i));
    a.resource = "content of " + a.id;
    a.deliveries = {{.handler = "handler of " + a.id, .ordering_key = ""}};
    batch.push_back({.content = std::move(a), .listener = nullptr});
  }
  write(std::move(batch));
  NotificationFilter wanted = filter();
  wanted.whole = true;
  const NotificationPage page = list(wanted);
  ASSERT_EQ(page.items.size(), 40U);
  for (const NotificationRecord& record : page.items) {
    EXPECT_EQ(record.resource, "content of " + record.id);
    ASSERT_EQ(record.deliveries.size(), 1U);
    EXPECT_EQ(record.deliveries[0].handler, "handler of " + record.id);
  }
}

TEST_P(ReaderTest, LeavesToTheNextPageWhatWouldMakeAPageTooLarge) {
  for (const char* id : {"n0", "n1", "n2"}) {
    Admission a = admission(id);
    a.resource.assign(std::size_t{3} << 20, 'r');
    write_together(a);
  }
  NotificationFilter wanted = filter();
  wanted.whole = true;
  EXPECT_EQ(ids(wanted), (Ids{"n2", "n1"}));
  wanted.before_sequence = list(wanted).next_before_sequence;
  EXPECT_EQ(ids(wanted), Ids{"n0"});
  EXPECT_FALSE(list(wanted).next_before_sequence);
}

TEST_P(ReaderTest, FindsEachMerchantsOwnUnderOneId) {
  Admission other = admission("n1");
  other.mchid = "1900000002";
  write_together(admission("n1"), other);
  EXPECT_EQ(reader().notification("n1", "1900000001").value()->mchid, "1900000001");
  EXPECT_EQ(reader().notification("n1", "1900000002").value()->mchid, "1900000002");
  EXPECT_FALSE(reader().notification("n1", "1900000003").value());
}

TEST_P(ReaderTest, PagesWithoutGapOrOverlap) {
  keep(0, 5);
  NotificationFilter page = filter();
  page.limit = 2;
  Ids all;
  int pages = 0;
  do {
    const NotificationPage got = list(page);
    for (const NotificationRecord& record : got.items) all.push_back(record.id);
    page.before_sequence = got.next_before_sequence;
    ++pages;
  } while (page.before_sequence);
  EXPECT_EQ(all, (Ids{"n4", "n3", "n2", "n1", "n0"}));
  EXPECT_EQ(pages, 3);
}

TEST_P(ReaderTest, GivesNoCursorAfterAFullLastPage) {
  keep(0, 2);
  NotificationFilter page = filter();
  page.limit = 2;
  EXPECT_FALSE(list(page).next_before_sequence);
}

TEST_P(ReaderTest, GoesOnFromWhereItStoppedLookingForWhatIsRare) {
  // The only notification that matches the filter is older than all rows that one page looks at. So
  // the first page is empty, and its cursor must lead to the next page.
  keep(0, 1);
  auto rare = admission("rare");
  rare.event_type = "COUPON.RARE";
  write_together(rare);
  keep(1, 20'002);
  NotificationFilter wanted = filter();
  wanted.event_type = "COUPON.RARE";
  const NotificationPage first = list(wanted);
  EXPECT_TRUE(first.items.empty());
  ASSERT_TRUE(first.next_before_sequence);
  wanted.before_sequence = first.next_before_sequence;
  EXPECT_EQ(ids(wanted), Ids{"rare"});
}

TEST_P(ReaderTest, FiltersByEventType) {
  keep(0, 4);
  NotificationFilter wanted = filter();
  wanted.event_type = "COUPON.SEND";
  EXPECT_EQ(ids(wanted), (Ids{"n3", "n1"}));
}

TEST_P(ReaderTest, FiltersByState) {
  keep(0, 1);
  Admission open = admission("open");
  open.deliveries = {{.handler = "crm", .ordering_key = ""}};
  write_together(open);
  NotificationFilter wanted = filter();
  wanted.state = "received";
  EXPECT_EQ(ids(wanted), Ids{"open"});
}

TEST_P(ReaderTest, FiltersByMerchant) {
  keep(0, 1);
  Admission other = admission("other");
  other.mchid = "1900000002";
  write_together(other);
  NotificationFilter wanted = filter();
  wanted.mchid = "1900000002";
  EXPECT_EQ(ids(wanted), Ids{"other"});
}

TEST_P(ReaderTest, FiltersByTimeFromAndUpTo) {
  keep(0, 5);
  NotificationFilter wanted = filter();
  wanted.since_ms = kNow + 1;
  wanted.until_ms = kNow + 3;
  EXPECT_EQ(ids(wanted), (Ids{"n2", "n1"}));
}

TEST_P(ReaderTest, ListsTheQuarantine) {
  keep(0, 1);
  write_together(quarantined('x', "q1"), quarantined('y'));
  NotificationFilter wanted = filter();
  wanted.state = "quarantined";
  EXPECT_EQ(list(wanted).items.size(), 2U);
  wanted.event_type = "COUPON.USE";
  EXPECT_EQ(ids(wanted), Ids{"q1"});
}

TEST_P(ReaderTest, FindsNoFactsOfAnUnknownCoupon) {
  EXPECT_TRUE(reader().coupon("9856000", "c1").value().empty());
}

TEST_P(ReaderTest, RefusesToWrite) {
  auto connection = store().reader().value();
  EXPECT_FALSE(connection->run_script("DELETE FROM notifications"));
}

TEST_P(ReaderTest, CountsTypesBeyondTheLimitTogether) {
  constexpr auto kLimit = static_cast<int>(CounterDeltas::kTypesMax);
  for (int round = 0; round < 2; ++round) {
    // Two writers count event types one after the other. The second writer must read the types that
    // the first writer has counted, to respect the limit on the number of types.
    std::vector<Work> batch;
    for (int i = 0; i < kLimit + 3; ++i) {
      Admission a = admission(numbered("n", round) + numbered("-", i));
      a.event_type = numbered("TYPE.", i + round);
      batch.push_back({.content = std::move(a), .listener = nullptr});
    }
    write(std::move(batch));
  }
  std::int64_t sum = 0;
  const auto by_type = counts().by_type;
  for (const TypeCount& type : by_type) sum += type.count;
  EXPECT_LE(by_type.size(), CounterDeltas::kTypesMax + 1);
  EXPECT_EQ(sum, 2 * (kLimit + 3));
}

}  // namespace
}  // namespace couponhook::storage
