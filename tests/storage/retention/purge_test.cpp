// Checks that a purge removes rows past their retention time, and keeps the rows that an open
// delivery needs, however old they are. Notifications are received on numbered days and purged in
// steps of several sizes.

#include <gmock/gmock.h>

#include "storage/purge_fixture.hpp"
#include "storage/retention/purge_pace.hpp"
#include "storage/task_lease.hpp"

namespace couponhook::storage {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

COUPONHOOK_ON_EVERY_ENGINE(PurgeTest);

TEST_P(PurgeTest, EmptiesOldPayloadsAndKeepsTheRest) {
  for (int i = 0; i < 10; ++i) write_together(received_on(i, numbered("n", i)));
  const PurgeCounts counts = purge({.payload_ms = day(7)});
  EXPECT_EQ(counts.payloads, 7);
  EXPECT_EQ(counts.identities, 0);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(has_payload(numbered("n", i)), i >= 7) << i;
  EXPECT_TRUE(kept("n0").envelope.empty());
}

TEST_P(PurgeTest, KnowsACopyOfWhatItHasEmptied) {
  write_together(received_on(0, "n0"), received_on(0, "n1"));
  purge({.payload_ms = day(1)});
  EXPECT_THAT(write_together(admission("n0"), admission("n1", 'b')),
              ElementsAre(AdmitOutcome::kDuplicate, AdmitOutcome::kConflict));
}

TEST_P(PurgeTest, EmptiesPayloadsOfConflictsToo) {
  write_together(received_on(0, "n0"));
  write_together(admission("n0", 'b'));
  purge({.payload_ms = day(1)});
  EXPECT_EQ(count("conflicts"), 1);
  EXPECT_EQ(count("conflicts WHERE length(resource) > 0"), 0);
}

TEST_P(PurgeTest, RemovesOldNotificationsWithAllThatBelongsToThem) {
  for (int i = 0; i < 10; ++i) write_together(with_delivery(received_on(i, numbered("n", i))));
  for (int i = 0; i < 10; ++i) write_together(received_on(i, numbered("n", i)));
  Admission conflict = admission("n0", 'b');
  write_together(std::move(conflict));
  execute("INSERT INTO delivery_attempts SELECT seq, 0, 1, 1, 2, 'done', '' FROM deliveries");
  finish_deliveries();
  EXPECT_EQ(purge({.identity_ms = day(7)}).identities, 7);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(is_kept(numbered("n", i)), i >= 7) << i;
  EXPECT_EQ(count("deliveries"), 3);
  EXPECT_EQ(count("delivery_attempts"), 3);
  EXPECT_EQ(count("conflicts"), 0);
  EXPECT_EQ(count("retention_held"), 0);
}

TEST_P(PurgeTest, KeepsWhatAnOpenDeliveryNeeds) {
  write_together(with_delivery(received_on(0, "open")), received_on(0, "closed"));
  write_together(received_on(0, "newest"));
  for (const std::string_view state : {"pending", "retrying", "dead"}) {
    finish_deliveries(state);
    purge({.payload_ms = day(9), .identity_ms = day(1)});
    EXPECT_TRUE(has_payload("open")) << state;
    EXPECT_EQ(kept("open").deliveries.size(), 1U) << state;
    EXPECT_FALSE(is_kept("closed")) << state;
  }
}

TEST_P(PurgeTest, EmptiesLaterWhatWasHeldWhenItsTurnCame) {
  write_together(with_delivery(received_on(0, "open")));
  for (int i = 0; i < 10; ++i) write_together(received_on(0, numbered("n", i)));
  EXPECT_EQ(purge({.payload_ms = day(1)}).payloads, 10);
  finish_deliveries();
  EXPECT_EQ(purge({.payload_ms = day(1)}).payloads, 1);
  EXPECT_FALSE(has_payload("open"));
  EXPECT_EQ(count("retention_held"), 0);
}

TEST_P(PurgeTest, RemovesLaterWhatWasHeldWhenItsTurnCame) {
  write_together(with_delivery(received_on(0, "open")));
  for (int i = 0; i < 10; ++i) write_together(received_on(0, numbered("n", i)));
  EXPECT_EQ(purge({.identity_ms = day(1)}).identities, 9) << "all but the open and the newest";
  finish_deliveries();
  EXPECT_EQ(purge({.identity_ms = day(1)}).identities, 1);
  EXPECT_FALSE(is_kept("open"));
  EXPECT_EQ(count("deliveries") + count("retention_held"), 0);
}

// The purge remembers the highest row number that it has looked at. If SQLite gave that number to a
// new notification, the purge would skip that notification. So the newest row is not removed.
TEST_P(PurgeTest, KeepsTheNewestSoThatNoNumberIsGivenTwice) {
  write_together(received_on(0, "old"), received_on(0, "older"));
  purge({.payload_ms = day(1), .identity_ms = day(1)});
  EXPECT_EQ(count("notifications"), 1);
  EXPECT_EQ(count("notifications WHERE length(resource) > 0"), 0);
  write_together(received_on(1, "next"), received_on(1, "last"));
  EXPECT_EQ(purge({.payload_ms = day(2), .identity_ms = day(2)}).identities, 2);
  EXPECT_EQ(count("notifications"), 1);
}

TEST_P(PurgeTest, NeverTakesWhatIsYoungWhateverTheClocksSaid) {
  write_together(received_on(0, "first"));
  write_together(received_on(5, "ahead"));
  write_together(received_on(0, "behind"));
  write_together(received_on(6, "last"));
  purge({.payload_ms = day(3)});
  EXPECT_FALSE(has_payload("first"));
  EXPECT_TRUE(has_payload("ahead"));
  EXPECT_TRUE(has_payload("last"));
  purge({.payload_ms = day(6)});
  EXPECT_FALSE(has_payload("behind")) << "once what came before it has grown old";
  EXPECT_TRUE(has_payload("last"));
}

TEST_P(PurgeTest, RemovesOldQuarantine) {
  for (int i = 0; i < 7; ++i) {
    Quarantined q = quarantined(static_cast<char>('a' + i), numbered("q", i));
    q.received_at_ms = day(i);
    write_together(std::move(q));
  }
  EXPECT_EQ(purge({.quarantine_ms = day(5)}).quarantined, 5);
  EXPECT_EQ(count("quarantine"), 2);
}

TEST_P(PurgeTest, RemovesOldFactsOfTheLedger) {
  const auto mark_on = [this](std::int64_t number) {
    const auto connection = writer();
    Purge purge(*connection, {}, PurgeMode::kRemove, std::chrono::steady_clock::now);
    ASSERT_TRUE(purge.mark_ledger(day(number)));
  };
  for (int i = 0; i < 8; ++i) {
    Admission returned = refund(numbered("r", i), numbered("f", i), numbered("t", i));
    returned.fact->shares = {{numbered("c", i), 500, 500}};
    write_together(redemption(numbered("n", i), numbered("c", i), numbered("t", i)), returned);
    mark_on(i);
  }
  EXPECT_EQ(purge({.ledger_ms = day(5)}, PurgeMode::kCount).facts, 10);
  EXPECT_EQ(purge({.ledger_ms = day(5)}).facts, 10) << "those that were there on day 4";
  EXPECT_TRUE(reader().coupon("9856000", "c4").value().empty());
  EXPECT_EQ(reader().coupon("9856000", "c5").value().size(), 2U);
  EXPECT_EQ(count("refund_shares"), 3) << "those of the refunds that are left";
  EXPECT_EQ(count("ledger_marks"), 4);
  EXPECT_EQ(purge({.ledger_ms = day(99)}).facts, 4) << "all but the newest of each kind";
}

TEST_P(PurgeTest, MarksTheLedgerOnceADay) {
  const auto connection = writer();
  Purge purge(*connection, {}, PurgeMode::kRemove, std::chrono::steady_clock::now);
  for (int hour = 0; hour < 30; ++hour) ASSERT_TRUE(purge.mark_ledger(kNow + hour * kDay / 24));
  EXPECT_EQ(count("ledger_marks"), 2);
}

TEST_P(PurgeTest, KeepsForEverWhatHasNoLimit) {
  write_together(received_on(0, "n0"), quarantined('q'));
  const PurgeCounts counts = purge({});
  EXPECT_FALSE(counts.any());
  EXPECT_TRUE(has_payload("n0"));
  EXPECT_EQ(count("quarantine"), 1);
}

TEST_P(PurgeTest, LeavesTotalsAsTheyWere) {
  write_together(received_on(0, "n0"), received_on(0, "n1"), quarantined('q'));
  write_together(received_on(0, "n0"));
  purge({.payload_ms = day(1), .identity_ms = day(1), .quarantine_ms = day(1)});
  const StoreCounts totals = counts();
  EXPECT_EQ(totals.stored, 2);
  EXPECT_EQ(totals.duplicates, 1);
  EXPECT_EQ(totals.quarantined, 1);
}

TEST_P(PurgeTest, CountsWithoutChangingAnything) {
  write_together(with_delivery(received_on(0, "open")), quarantined('q'));
  for (int i = 0; i < 10; ++i) write_together(received_on(i, numbered("n", i)));
  const PurgeCutoffs cutoffs{.payload_ms = day(8), .identity_ms = day(4), .quarantine_ms = day(1)};
  const PurgeCounts counted = purge(cutoffs, PurgeMode::kCount);
  EXPECT_EQ(count("notifications WHERE length(resource) > 0"), 11);
  EXPECT_EQ(count("quarantine"), 1);
  EXPECT_EQ(count("retention_held") + count("retention_cursors"), 0);
  const PurgeCounts purged = purge(cutoffs);
  EXPECT_EQ(counted.payloads, purged.payloads);
  EXPECT_EQ(counted.identities, purged.identities);
  EXPECT_EQ(counted.quarantined, purged.quarantined);
  EXPECT_EQ(purged.payloads, 4);
  EXPECT_EQ(purged.identities, 4);
}

TEST_P(PurgeTest, ComesToTheSameInStepsOfAnySize) {
  for (int i = 0; i < 20; ++i) write_together(received_on(i, numbered("n", i)));
  EXPECT_EQ(purge({.identity_ms = day(5)}, PurgeMode::kRemove, 1).identities, 5);
  EXPECT_EQ(purge({.identity_ms = day(10)}, PurgeMode::kRemove, 5).identities, 5);
  EXPECT_EQ(purge({.identity_ms = day(15)}, PurgeMode::kRemove, 1000).identities, 5);
  EXPECT_EQ(count("notifications"), 5);
}

TEST_P(PurgeTest, DoesNotBeginAtTheBeginningEachTime) {
  for (int i = 0; i < 9; ++i) write_together(received_on(0, numbered("n", i)));
  purge({.payload_ms = day(1)});
  EXPECT_EQ(purge({.payload_ms = day(1)}).payloads, 0);
  EXPECT_EQ(count("retention_cursors WHERE task = 'payloads' AND seq = "
                  "(SELECT max(seq) FROM notifications)"),
            1);
}

TEST_P(PurgeTest, IsThroughInTimeWhereItWouldRestForLonger) {
  using std::chrono::steady_clock;
  std::vector<Work> batch;
  for (int i = 0; i < 2000; ++i) {
    batch.push_back({.content = received_on(0, numbered("n", i)), .listener = nullptr});
  }
  write(std::move(batch));
  steady_clock::time_point time{};
  // Every call of this clock advances it by 1 ms, so that each transaction of the purge takes time.
  const Purge::Now now = [&] { return time += 1ms; };
  const auto connection = writer();
  Purge purge(*connection, {.payload_ms = day(1), .identity_ms = day(1)}, PurgeMode::kRemove, now);
  const auto ran = run_purge(purge, 400ms, now, [&](PurgePace::Duration rest) {
    time += rest;
    return true;
  });
  ASSERT_TRUE(ran && *ran);
  EXPECT_EQ(purge.counts().identities, 1999);
  EXPECT_LT(time.time_since_epoch(), 400ms) << "at its own pace it takes more than a second";
}

using LeaseTest = StoreTest;
COUPONHOOK_ON_EVERY_ENGINE(LeaseTest);

TEST_P(LeaseTest, IsOneOwnersAtATime) {
  using std::chrono::milliseconds;
  const auto connection = writer();
  TaskLease ours("purge", "ours", milliseconds(100));
  TaskLease theirs("purge", "theirs", milliseconds(100));
  EXPECT_TRUE(ours.take(*connection, kNow).value());
  EXPECT_FALSE(theirs.take(*connection, kNow + 50).value());
  EXPECT_TRUE(ours.take(*connection, kNow + 60).value()) << "it is renewed";
  EXPECT_FALSE(theirs.take(*connection, kNow + 150).value());
  EXPECT_TRUE(theirs.take(*connection, kNow + 200).value()) << "it has lapsed";
  EXPECT_TRUE(theirs.end(*connection));
  EXPECT_TRUE(ours.take(*connection, kNow + 210).value());
}

TEST(PurgePace, TakesFewerRowsWhereTheyTakeLong) {
  PurgePace pace(kOneWriterPurge);
  for (int i = 0; i < 20; ++i) static_cast<void>(pace.pause_after(500ms, {}));
  EXPECT_EQ(pace.rows(), PurgePace::kRowsMin);
  for (int i = 0; i < 20; ++i) static_cast<void>(pace.pause_after(50us, {}));
  EXPECT_EQ(pace.rows(), PurgePace::kRowsMax);
}

TEST(PurgePace, RestsInProportionWhereThereIsTime) {
  EXPECT_EQ(PurgePace(kOneWriterPurge).pause_after(2ms, {}), 78ms);
  EXPECT_EQ(PurgePace(kOneWriterPurge).pause_after(2ms, {.rows = 1000, .time = 1h}), 78ms);
}

TEST(PurgePace, RestsNoLongerThanWhatIsLeftAllows) {
  PurgePace pace(kOneWriterPurge);
  const std::int64_t transactions = 1000;
  EXPECT_EQ(pace.pause_after(1ms, {.rows = transactions * pace.rows(), .time = 10s}), 9ms);
}

TEST(PurgePace, LeavesOthersMostOfTheTimeWhateverIsLeft) {
  EXPECT_EQ(PurgePace(kOneWriterPurge).pause_after(2ms, {.rows = 1'000'000'000, .time = 1s}), 4ms);
  EXPECT_EQ(PurgePace(kOneWriterPurge).pause_after(2ms, {.rows = 1, .time = -1s}), 4ms);
}

}  // namespace
}  // namespace couponhook::storage
