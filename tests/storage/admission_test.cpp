// Tests of the outcome when a notification is stored: new, duplicate, conflict, with a ledger fact,
// or decrypted from a quarantined body. Each test writes batches through a connection of a fresh
// store and reads the rows back through a Reader.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "storage/source.hpp"
#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

using enum AdmitOutcome;
using Admissions = StoreTest;
COUPONHOOK_ON_EVERY_ENGINE(Admissions);

TEST_P(Admissions, KeepWhatIsNew) {
  EXPECT_EQ(write_together(admission("n1")), std::vector{kStored});
  const NotificationRecord record = kept("n1");
  EXPECT_EQ(record.mchid, "1900000001");
  EXPECT_EQ(record.event_type, "COUPON.USE");
  EXPECT_EQ(record.create_time, "2024-01-01T00:00:00+08:00");
  EXPECT_EQ(record.source, "notification");
  EXPECT_EQ(record.envelope, R"({"summary":"used"})");
  EXPECT_EQ(record.resource, R"({"content":"a"})");
  EXPECT_EQ(record.received_at_ms, kNow);
  EXPECT_EQ(record.times_seen, 1);
}

TEST_P(Admissions, CountCopiesInsteadOfKeepingThem) {
  write_together(admission("n1"));
  Admission copy = admission("n1");
  copy.received_at_ms = kNow + 60'000;
  EXPECT_EQ(write_together(copy), std::vector{kDuplicate});
  const NotificationRecord record = kept("n1");
  EXPECT_EQ(record.times_seen, 2);
  EXPECT_EQ(record.received_at_ms, kNow);
  EXPECT_EQ(record.last_seen_at_ms, kNow + 60'000);
}

TEST_P(Admissions, KeepTheFirstOfCopiesInOneBatch) {
  EXPECT_EQ(write_together(admission("n1"), admission("n0"), admission("n1"), admission("n1")),
            (std::vector{kStored, kStored, kDuplicate, kDuplicate}));
  EXPECT_EQ(kept("n1").times_seen, 3);
}

TEST_P(Admissions, SeparateOneIdOfTwoMerchants) {
  Admission other = admission("n1");
  other.mchid = "1900000002";
  EXPECT_EQ(write_together(admission("n1"), other), (std::vector{kStored, kStored}));
}

TEST_P(Admissions, LetTheFirstOfTwoContentsStand) {
  write_together(admission("n1", 'a'));
  EXPECT_EQ(write_together(admission("n1", 'b')), std::vector{kConflict});
  EXPECT_EQ(kept("n1").resource, R"({"content":"a"})");
  EXPECT_EQ(kept("n1").conflicts, 1);
}

TEST_P(Admissions, FindConflictsInOneBatch) {
  EXPECT_EQ(write_together(admission("n1", 'a'), admission("n1", 'b'), admission("n1", 'a')),
            (std::vector{kStored, kConflict, kDuplicate}));
}

TEST_P(Admissions, KeepAConflictingContentOnce) {
  write_together(admission("n1", 'a'));
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(write_together(admission("n1", 'b')), std::vector{kConflict});
  EXPECT_EQ(kept("n1").conflicts, 1);
  EXPECT_EQ(counts().conflicts, 1);
  EXPECT_EQ(counts().duplicates, 1);
}

TEST_P(Admissions, KeepTextOfAnyLanguageAndQuote) {
  Admission a = admission("n'1\"; --");
  a.resource = "{\"stock_name\":\"满减券 ' \\\" ; $1 ?\"}";
  const std::string resource = a.resource;
  write_together(a);
  EXPECT_EQ(kept("n'1\"; --").resource, resource);
}

/// Returns the column `flaw` (the text that says what is wrong) of the notification; empty if the
/// column is NULL.
std::optional<std::string> flaw_of(Connection& connection, std::string_view id) {
  static constexpr Statement kFlaw{"SELECT flaw FROM notifications WHERE id = $1"};
  std::vector<Rows> rows;
  const std::array ask{Command(kFlaw, {id})};
  EXPECT_TRUE(connection.run(ask, rows));
  const auto* text = std::get_if<std::string>(&rows.at(0).at(0).at(0));
  return text == nullptr ? std::nullopt : std::optional(*text);
}

std::int64_t unreadable_counted(Connection& connection) {
  static constexpr Statement kCount{
      "SELECT CAST(coalesce(sum(value), 0) AS BIGINT) FROM counters WHERE name = 'unreadable'"};
  std::vector<Rows> rows;
  const std::array ask{Command(kCount, {})};
  EXPECT_TRUE(connection.run(ask, rows));
  return std::get<std::int64_t>(rows.at(0).at(0).at(0));
}

TEST_P(Admissions, KeepTheFlawAndCountWhatCouldNotBeRead) {
  Admission harmless = admission("n1");
  harmless.flaw = "flaw: the resource has a key that comes twice";
  Admission unreadable = admission("n2");
  unreadable.flaw = "unreadable: coupon_id is missing";
  Admission copy = unreadable;
  EXPECT_EQ(write_together(harmless, unreadable, admission("n3")),
            (std::vector{kStored, kStored, kStored}));
  EXPECT_EQ(write_together(copy), std::vector{kDuplicate});
  const auto connection = store().reader().value();
  EXPECT_EQ(flaw_of(*connection, "n1"), "flaw: the resource has a key that comes twice");
  EXPECT_EQ(flaw_of(*connection, "n2"), "unreadable: coupon_id is missing");
  EXPECT_EQ(flaw_of(*connection, "n3"), std::nullopt);
  EXPECT_EQ(unreadable_counted(*connection), 1) << "a copy is not one more";
}

TEST_P(Admissions, ApplyABusinessKeyOnceUnderTwoIds) {
  write_together(redemption("n1", "c1", "t1"), redemption("n2", "c1", "t1"));
  EXPECT_EQ(reader().coupon("9856000", "c1").value().size(), 1U);
}

TEST_P(Admissions, ApplyARefundOnceUnderTwoIds) {
  write_together(redemption("n0", "c1", "t1"), refund("n1", "r1", "t1"), refund("n2", "r1", "t1"));
  EXPECT_EQ(reader().coupon("9856000", "c1").value().size(), 2U);
}

/// Returns the notification with one delivery to the http handler "crm", and with the given source
/// ("notification" or "reconcile").
Admission with_source(Admission fact, std::string_view source) {
  fact.source = source;
  fact.deliveries = {{.handler = "crm", .ordering_key = "c1"}};
  return fact;
}

TEST_P(Admissions, DeliverAFactOnceFromReconciliationOrNotification) {
  for (const auto& make : {+[](std::string id, const std::string&key) {
                             return redemption(std::move(id), "c" + key, "t" + key);
                           },
                           +[](std::string id, const std::string&key) {
                             return refund(std::move(id), "r" + key, "t" + key);
                           }}) {
    const std::string kind = make("", "").fact->kind;
    write_together(with_source(make(kind + "n1", "1"), "notification"));
    EXPECT_EQ(write_together(with_source(make(kind + "b1", "1"), kFromReconcile)),
              std::vector{kStored});
    EXPECT_EQ(kept(kind + "n1").deliveries.size(), 1U);
    EXPECT_TRUE(kept(kind + "b1").deliveries.empty());

    write_together(with_source(make(kind + "b2", "2"), kFromReconcile));
    EXPECT_EQ(write_together(with_source(make(kind + "n2", "2"), "notification")),
              std::vector{kStored});
    EXPECT_EQ(kept(kind + "b2").deliveries.size(), 1U);
    EXPECT_TRUE(kept(kind + "n2").deliveries.empty());
  }
  EXPECT_EQ(counts().deliveries_pending, 4);
}

TEST_P(Admissions, DeliverAFactOnceWhereBothComeInOneBatch) {
  write_together(with_source(redemption("n1", "c1", "t1"), "notification"),
                 with_source(redemption("b1", "c1", "t1"), kFromReconcile));
  EXPECT_EQ(kept("n1").deliveries.size() + kept("b1").deliveries.size(), 1U);
}

TEST_P(Admissions, DeliverWhatComesUnderTwoIdsOfWeChatPaysOwnTwice) {
  write_together(with_source(redemption("n1", "c1", "t1"), "notification"));
  write_together(with_source(redemption("n2", "c1", "t1"), "notification"));
  EXPECT_EQ(kept("n2").deliveries.size(), 1U);
}

TEST_P(Admissions, ApplyNoFactOfAConflict) {
  write_together(redemption("n1", "c1", "t1"));
  Admission conflict = redemption("n1", "c1", "t2");
  conflict.digest = digest_of('z');
  write_together(conflict);
  EXPECT_EQ(reader().coupon("9856000", "c1").value().size(), 1U);
}

TEST_P(Admissions, JoinARefundThatCameBeforeItsRedemption) {
  write_together(refund("n1", "r1", "t1"));
  EXPECT_TRUE(reader().coupon("9856000", "c1").value().empty());
  write_together(redemption("n2", "c1", "t1"));
  const auto facts = reader().coupon("9856000", "c1").value();
  ASSERT_EQ(facts.size(), 2U);
  EXPECT_EQ(facts[0].fact.kind, "redeem");
  EXPECT_EQ(facts[1].fact.kind, "refund");
  EXPECT_EQ(facts[1].fact.business_key, "r1");
  EXPECT_EQ(facts[1].notification_id, "n1");
}

TEST_P(Admissions, GiveARefundToEveryCouponOfItsTransaction) {
  write_together(redemption("n1", "c1", "t1"), redemption("n2", "c2", "t1"),
                 redemption("n3", "c3", "t3"), refund("n4", "r1", "t1"));
  EXPECT_EQ(reader().coupon("9856000", "c1").value().size(), 2U);
  EXPECT_EQ(reader().coupon("9856000", "c2").value().size(), 2U);
  EXPECT_EQ(reader().coupon("9856000", "c3").value().size(), 1U);
}

TEST_P(Admissions, KeepIssuesFromMeetingRefundsWithoutATransaction) {
  Admission issue = redemption("n1", "c1", "");
  issue.fact->kind = "issue";
  issue.fact->business_key = "c1";
  write_together(issue, refund("n2", "r1", ""));
  EXPECT_EQ(reader().coupon("9856000", "c1").value().size(), 1U);
}

TEST_P(Admissions, AreDoneWhereNothingIsToBeDelivered) {
  write_together(admission("n1"));
  EXPECT_EQ(kept("n1").state, "done");
}

TEST_P(Admissions, MakeADeliveryForEachHandler) {
  Admission a = admission("n1");
  a.deliveries = {{.handler = "crm", .ordering_key = "c1"},
                  {.handler = "mail", .ordering_key = ""}};
  write_together(a);
  const NotificationRecord record = kept("n1");
  EXPECT_EQ(record.state, "received");
  ASSERT_EQ(record.deliveries.size(), 2U);
  EXPECT_EQ(record.deliveries[0].handler, "crm");
  EXPECT_EQ(record.deliveries[0].state, "pending");
  EXPECT_EQ(record.deliveries[0].due_at_ms, kNow);
  EXPECT_EQ(record.deliveries[1].handler, "mail");
}

TEST_P(Admissions, MakeNoDeliveryForACopy) {
  Admission a = admission("n1");
  a.deliveries = {{.handler = "crm", .ordering_key = "c1"}};
  write_together(a, a);
  EXPECT_EQ(kept("n1").deliveries.size(), 1U);
}

TEST_P(Admissions, KeepAQuarantinedBodyOnce) {
  EXPECT_EQ(write_together(quarantined('x'), quarantined('y'), quarantined('x')),
            (std::vector{kQuarantined, kQuarantined, kQuarantined}));
  EXPECT_EQ(counts().quarantined, 2);
  const auto page = reader().notifications({.event_type = {},
                                            .state = "quarantined",
                                            .mchid = {},
                                            .since_ms = {},
                                            .until_ms = {},
                                            .before_sequence = {}});
  ASSERT_EQ(page.value().items.size(), 2U);
}

TEST_P(Admissions, AnswerAProbeWithARow) {
  EXPECT_EQ(write_together(Probe{}, admission("n1"), Probe{}),
            (std::vector{kAlive, kStored, kAlive}));
}

TEST_P(Admissions, AreCountedInTheTransactionThatKeepsThem) {
  Admission delivered = admission("n3");
  delivered.deliveries = {{.handler = "crm", .ordering_key = ""}};
  write_together(admission("n1"), admission("n1"), refund("n2", "r1", "t1"), delivered,
                 admission("n1", 'b'), quarantined('x'));
  write_together(admission("n4"), admission("n1"));
  const StoreCounts totals = counts();
  EXPECT_EQ(totals.stored, 4);
  EXPECT_EQ(totals.duplicates, 2);
  EXPECT_EQ(totals.conflicts, 1);
  EXPECT_EQ(totals.quarantined, 1);
  EXPECT_EQ(totals.deliveries_pending, 1);
  EXPECT_EQ(totals.deliveries_done, 0);
  ASSERT_EQ(totals.by_type.size(), 2U);
  EXPECT_EQ(totals.by_type[0].event_type, "COUPON.USE");
  EXPECT_EQ(totals.by_type[0].count, 3);
  EXPECT_EQ(totals.by_type[1].event_type, "REFUND.SUCCESS");
  EXPECT_EQ(totals.by_type[1].count, 1);
}

TEST_P(Admissions, AddUpTheCountsOfSeveralWriters) {
  const std::array connections{writer(), writer()};
  for (std::size_t i = 0; i < connections.size(); ++i) {
    BatchWriter batch_writer(*connections[i]);
    std::vector<Work> batch(1);
    batch[0].content = admission(numbered("n", static_cast<std::int64_t>(i)));
    ASSERT_TRUE(batch_writer.write(batch, kNow));
  }
  EXPECT_EQ(counts().stored, 2);
  EXPECT_EQ(counts().by_type.at(0).count, 2);
}

// Two requests decrypt the same quarantined body. Between the two requests, the store deletes the
// body's row, and SQLite gives the row number to another body, which the second request must not
// remove.
TEST_P(Admissions, OpenedFromTheQuarantineLeaveAnotherBodyThatTookItsNumber) {
  write_together(quarantined('a', "n1"));
  NotificationFilter sealed_ones;
  sealed_ones.state = "quarantined";
  const auto sealed = [&] {
    const auto page = reader().notifications(sealed_ones).value();
    return reader().sealed(page.items.at(0).sequence).value().value();
  };
  const SealedRecord first_look = sealed();
  const SealedRecord second_look = sealed();
  Admission opened = admission("n1");
  opened.opened_from = first_look.key;
  write_together(opened);
  ASSERT_TRUE(reader().notifications(sealed_ones).value().items.empty());

  write_together(quarantined('b', "n2"));
  opened.opened_from = second_look.key;
  write_together(std::move(opened));
  EXPECT_EQ(sealed().body, quarantined('b').body) << "the second open had nothing to remove";
}

}  // namespace
}  // namespace couponhook::storage
