// Checks that no SQL statement becomes slower as the store grows. SQLite and PostgreSQL explain
// their query plan for every statement; no plan may scan a table that grows. PostgreSQL prefers
// scans while tables are empty, so the test turns scans off (enable_seqscan and the like).

#include <algorithm>
#include <array>
#include <deque>

#include "storage/retention/purge_sql.hpp"
#include "storage/sql.hpp"
#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

using Steps = std::vector<std::string>;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Returns the SQL statement, preceded by `how` (EXPLAIN), with a literal in place of each
/// parameter. The values of the literals do not matter for the query plan.
std::string explained(std::string_view statement, std::string_view how) {
  std::string text(how);
  for (std::size_t i = 0; i < statement.size(); ++i) {
    if (statement[i] != '$') {
      text += statement[i];
      continue;
    }
    text += "'1'";
    while (i + 1 < statement.size() && statement[i + 1] >= '0' && statement[i + 1] <= '9') ++i;
  }
  return text;
}

/// Returns true for statements that may scan a table: they read tables that stay small, stop at a
/// LIMIT, or run only if a scan with a LIMIT found too few rows.
bool may_be_walked(const Statement& statement) {
  return &statement == &sql::kTotals || &statement == &sql::kCounterNames ||
         &statement == &sql::kSchemaVersion || &statement == &sql::kLastReceived ||
         &statement == &sql::kPauses || &statement == &sql::kNewestNotification ||
         &statement == &sql::kCountSealed || &statement == &sql::kCountUnreadable ||
         &statement == &sql::kCorrectSealed || &statement == &sql::kCorrectUnreadable ||
         &statement == &sql::kUndoneHandlers || &statement == &sql::kCorrectDeliveries ||
         &statement == &sql::kLastQuarantineNumber || &statement == &sql::kNewestSeen ||
         &statement == &sql::kNewestSealed;
}

class PlansTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    connection_ = writer();
    if (!is_postgres()) return;
    ASSERT_TRUE(connection_->run_script(
        "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off;"
        "SET enable_hashjoin = off; SET enable_mergejoin = off"));
  }
  [[nodiscard]] static bool is_postgres() { return GetParam() == "postgresql"; }

  Steps plan_of(const Statement& statement) {
    // Connections keep prepared statements by their address, so each statement needs its own.
    const std::string& text = texts_.emplace_back(
        explained(statement.text, is_postgres() ? "EXPLAIN (COSTS OFF) " : "EXPLAIN QUERY PLAN "));
    const Statement& explain = explains_.emplace_back(Statement{text});
    std::vector<Rows> results;
    const std::array commands{Command(explain, {})};
    const auto ran = connection_->run(commands, results);
    EXPECT_TRUE(ran) << text << "\n" << (ran ? "" : ran.error().message);
    Steps steps;
    for (const Row& row : results.at(0)) steps.push_back(std::get<std::string>(row.back()));
    return steps;
  }

  /// Returns the steps of a query plan that scan a whole growing table, even if a step does so in
  /// the order of an index.
  static Steps walks(const Steps& plan) {
    Steps found;
    std::ranges::copy_if(plan, std::back_inserter(found),
                         is_postgres() ? walks_on_postgres : walks_on_sqlite);
    return found;
  }
  static Steps sorts(const Steps& plan) {
    Steps found;
    std::ranges::copy_if(plan, std::back_inserter(found), [](const std::string& step) {
      return has(step, "TEMP B-TREE") || has(step, "Sort");
    });
    return found;
  }
  static std::ptrdiff_t uses(const Steps& plan, const std::string& index) {
    const std::string words = is_postgres() ? " using " + index + " on " : "INDEX " + index + " (";
    return std::ranges::count_if(plan, [&](const std::string& step) { return has(step, words); });
  }

 private:
  /// Names of tables that stay small. Names that begin with `few_` are subqueries with a LIMIT.
  static constexpr std::array<std::string_view, 10> kSmall{
      "counters",          "heartbeat",   "clock_marks",  "pauses", "couponhook_schema",
      "retention_cursors", "task_leases", "ledger_marks", "few_",   "history_marks"};

  static bool names_small(const std::string& step, std::string_view before_name) {
    return std::ranges::any_of(kSmall, [&](std::string_view table) {
      return has(step, std::string(before_name) + std::string(table));
    });
  }
  static bool walks_on_sqlite(const std::string& step) {
    return step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW" && !names_small(step, "SCAN ");
  }
  /// In an empty table, a walk in the order of an index costs PostgreSQL as little as a search in
  /// the right one. So only a scan without any index shows that an index is missing; that each
  /// search has a condition is checked with SQLite, which has the same indexes.
  static bool walks_on_postgres(const std::string& step) {
    return has(step, "Seq Scan on ") && !names_small(step, " on ");
  }

  std::deque<std::string> texts_;
  std::deque<Statement> explains_;
  std::unique_ptr<Connection> connection_;
};
COUPONHOOK_ON_EVERY_ENGINE(PlansTest);

TEST_P(PlansTest, SearchRatherThanWalk) {
  for (const auto statements : {sql::all(), sql::search_statements(), sql::purge_statements()}) {
    for (const Statement* statement : statements) {
      if (may_be_walked(*statement)) continue;
      for (const std::string& step : walks(plan_of(*statement))) {
        ADD_FAILURE() << statement->text << "\n" << step;
      }
    }
  }
}

TEST_P(PlansTest, ListWithoutSorting) {
  std::vector<const Statement*> lists{
      &sql::kListNotifications, &sql::kListQuarantine, &sql::kListDeliveries, &sql::kListUndone,
      &sql::kListUnreadable,    &sql::kFlawFloor,      &sql::kNextDueHandler, &sql::kDueDeliveries,
      &sql::kNextDue,           &sql::kUndoneFloor,    &sql::kLastReceived};
  std::ranges::copy(sql::purge_statements(), std::back_inserter(lists));
  for (const Statement* list : lists) {
    for (const std::string& step : sorts(plan_of(*list))) {
      ADD_FAILURE() << list->text << "\n" << step;
    }
  }
}

TEST_P(PlansTest, SearchThroughTheIndexesOfTheirIdentifiers) {
  EXPECT_EQ(uses(plan_of(sql::kSearchPayment), "coupon_history_transaction"), 1);
  const Steps refund = plan_of(sql::kSearchRefund);
  EXPECT_GE(uses(refund, "refunds_business_key"), 1) << testing::PrintToString(refund);
  for (const Statement* list : {static_cast<const Statement*>(&sql::kSearchOpenid),
                                static_cast<const Statement*>(&sql::kSearchStock)}) {
    EXPECT_EQ(sorts(plan_of(*list)), Steps()) << list->text;
  }
}

TEST_P(PlansTest, FindTheOldestOpenDeliveryThroughItsIndex) {
  EXPECT_EQ(uses(plan_of(sql::kOldestOpenDelivery), "deliveries_undone"), 2);
}

/// The first delivery of an ordering lane (one handler and one coupon) is found through the indexes
/// on the lane, however many deliveries wait in the lane.
TEST_P(PlansTest, FindTheHeadOfALaneWithoutLookingAtTheLine) {
  const Steps plan = plan_of(sql::kDueDeliveries);
  EXPECT_EQ(uses(plan, "deliveries_due"), 1);
  EXPECT_EQ(uses(plan, "deliveries_lane"), 1);
  EXPECT_EQ(uses(plan, "deliveries_running"), 1);
}

}  // namespace
}  // namespace couponhook::storage
