// Tests of the audit log: the row about an action is committed with the action or not at all, pages
// are complete and in order, and a purge removes only old rows.

#include "storage/audit.hpp"

#include "deliveries_fixture.hpp"
#include "storage/delivery_control.hpp"
#include "storage/retention/purge.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {
namespace {

class AuditTest : public WithDeliveries {
 protected:
  static AuditRecord record(std::string action, std::int64_t at_ms = kNow) {
    AuditRecord made;
    made.at_ms = at_ms;
    made.by = "night-shift";
    made.from = "192.0.2.7";
    made.action = std::move(action);
    made.target = "delivery 1";
    made.reason = "目标系统已恢复";
    return made;
  }
  void add(std::string action, std::int64_t at_ms = kNow) {
    AuditRecord made = record(std::move(action), at_ms);
    const auto connection = writer();
    ASSERT_TRUE(in_transaction(*connection, [&] { return add_audit(*connection, &made, "done"); }));
  }
  AuditPage page(std::int64_t limit = 50, std::optional<std::int64_t> before = std::nullopt) {
    return reader().audit(limit, before).value();
  }
  std::vector<std::string> actions() {
    std::vector<std::string> names;
    for (const AuditRecord& each : page().items) names.push_back(each.action);
    return names;
  }
  [[nodiscard]] DeliveryControl control() { return DeliveryControl(writer()); }
  void keep_dead(const std::string& id) {
    keep(id, "c1");
    Deliveries deliveries = replica();
    finish(deliveries, claim(deliveries).at(0).lease, DeliveryResult::kDead, kNow, 0, "gone");
  }
};
COUPONHOOK_ON_EVERY_ENGINE(AuditTest);

TEST_P(AuditTest, KeepsWhoWhenWhereWhatAndWhy) {
  add("retry");

  const AuditPage found = page();
  ASSERT_EQ(found.items.size(), 1U);
  const AuditRecord& row = found.items[0];
  EXPECT_GT(row.sequence, 0);
  EXPECT_EQ(row.at_ms, kNow);
  EXPECT_EQ(row.by, "night-shift");
  EXPECT_EQ(row.from, "192.0.2.7");
  EXPECT_EQ(row.action, "retry");
  EXPECT_EQ(row.target, "delivery 1");
  EXPECT_EQ(row.reason, "目标系统已恢复");
  EXPECT_EQ(row.result, "done");
  EXPECT_FALSE(found.next_before_sequence);
}

TEST_P(AuditTest, ListsEachRowOnceNewestFirst) {
  for (int i = 0; i < 5; ++i) add(numbered("action-", i));

  const AuditPage first = page(2);
  ASSERT_EQ(first.items.size(), 2U);
  EXPECT_EQ(first.items[0].action, "action-4");
  ASSERT_TRUE(first.next_before_sequence);
  const AuditPage rest = page(3, first.next_before_sequence);
  ASSERT_EQ(rest.items.size(), 3U);
  EXPECT_EQ(rest.items[0].action, "action-2");
  EXPECT_EQ(rest.items[2].action, "action-0");
  EXPECT_FALSE(rest.next_before_sequence);
}

TEST_P(AuditTest, KeepsARowOnOneLineAndWithinItsLimit) {
  AuditRecord made = record("skip");
  made.reason = std::string("a\nb\x1b[2J") + '\0' + std::string(5000, 'x');
  const auto connection = writer();
  ASSERT_TRUE(add_audit(*connection, &made, "done"));

  const std::string reason = page().items.at(0).reason;
  EXPECT_LE(reason.size(), kAuditTextMax);
  EXPECT_EQ(reason.find_first_of(std::string("\n\x1b\0", 3)), std::string::npos);
}

TEST_P(AuditTest, CommitsTheRowWithTheRetry) {
  keep_dead("n1");
  AuditRecord made = record("retry");
  const std::array ids{delivery("n1").delivery_id};

  EXPECT_EQ(control().retry(ids, kNow, &made).value().at(0), ControlResult::kDone);

  EXPECT_EQ(made.result, "done");
  EXPECT_EQ(page().items.at(0).result, "done");
}

TEST_P(AuditTest, SaysWhyADeliveryWasNotChanged) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  const auto running = claim(deliveries);
  ASSERT_EQ(running.size(), 1U);
  AuditRecord made = record("skip");
  const std::array ids{running[0].lease.delivery_id};

  EXPECT_EQ(control().skip(ids, "by hand", kNow, &made).value().at(0), ControlResult::kRunning);

  EXPECT_EQ(page().items.at(0).result, "in_progress");
}

TEST_P(AuditTest, HasNoRowAboutADeliveryThatDoesNotExist) {
  AuditRecord made = record("retry");
  made.result = "left over";
  const std::array ids{std::int64_t{4711}};

  EXPECT_EQ(control().retry(ids, kNow, &made).value().at(0), ControlResult::kNotFound);

  EXPECT_EQ(made.result, "");
  EXPECT_THAT(actions(), ::testing::IsEmpty());
}

TEST_P(AuditTest, HasARowForMovePauseAndResume) {
  keep_dead("n1");
  const std::array ids{delivery("n1").delivery_id};
  AuditRecord moved = record("move");
  AuditRecord paused = record("pause");
  AuditRecord again = record("pause");
  AuditRecord resumed = record("resume");
  AuditRecord nothing = record("resume");

  ASSERT_TRUE(control().move(ids, "crm2", kNow, &moved));
  ASSERT_TRUE(control().pause("crm2", "", "update", "night-shift", kNow, &paused));
  ASSERT_TRUE(control().pause("crm2", "", "update", "night-shift", kNow, &again));
  EXPECT_TRUE(control().resume("crm2", "", kNow, &resumed).value());
  EXPECT_FALSE(control().resume("crm2", "", kNow, &nothing).value());

  EXPECT_THAT(actions(), ::testing::ElementsAre("resume", "pause", "pause", "move"));
  EXPECT_EQ(moved.result, "done");
  EXPECT_EQ(again.result, "paused_already");
  EXPECT_EQ(nothing.result, "");
}

TEST_P(AuditTest, LeavesTheDeliveryUnchangedIfTheRowCannotBeWritten) {
  keep_dead("n1");
  ASSERT_TRUE(writer()->run_script("DROP TABLE audit_log"));
  AuditRecord made = record("retry");
  const std::array ids{delivery("n1").delivery_id};

  EXPECT_FALSE(control().retry(ids, kNow, &made));

  EXPECT_EQ(delivery("n1").state, "dead");
}

TEST_P(AuditTest, LosesOnlyOldRowsToAPurge) {
  constexpr std::int64_t kDay = 86'400'000;
  for (std::int64_t i = 0; i < 8; ++i) add(numbered("day-", i), kNow + i * kDay);
  const PurgeCutoffs cutoffs{.audit_ms = kNow + 5 * kDay};

  for (const auto mode : {PurgeMode::kCount, PurgeMode::kRemove}) {
    const auto connection = writer();
    Purge purge(*connection, cutoffs, mode, std::chrono::steady_clock::now);
    for (bool more = true; more;) more = purge.step(2).value().more;
    EXPECT_EQ(purge.counts().actions, 5);
  }

  EXPECT_THAT(actions(), ::testing::ElementsAre("day-7", "day-6", "day-5"));
}

TEST_P(AuditTest, KeepsTheNewestRowSoThatItsNumberIsNotUsedAgain) {
  add("old");
  const auto connection = writer();
  Purge purge(*connection, {.audit_ms = kNow + 1}, PurgeMode::kRemove,
              std::chrono::steady_clock::now);
  for (bool more = true; more;) more = purge.step(10).value().more;

  EXPECT_THAT(actions(), ::testing::ElementsAre("old"));
}

}  // namespace
}  // namespace couponhook::storage
