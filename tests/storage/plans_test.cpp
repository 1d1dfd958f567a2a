// No statement may cost more as the store grows: SQLite is asked how it would run each of them, and
// must not answer that it scans a table that grows.

#include <algorithm>
#include <array>

#include "storage/purge_sql.hpp"
#include "storage/sql.hpp"
#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

/// The statement with a literal for each parameter: no plan depends on their values.
std::string explained(std::string_view statement) {
  std::string text = "EXPLAIN QUERY PLAN ";
  for (std::size_t i = 0; i < statement.size(); ++i) {
    if (statement[i] != '$') {
      text += statement[i];
      continue;
    }
    text += '1';
    while (i + 1 < statement.size() && statement[i + 1] >= '0' && statement[i + 1] <= '9') ++i;
  }
  return text;
}

std::vector<std::string> plan_of(Connection& connection, const Statement& statement) {
  const std::string text = explained(statement.text);
  const Statement explain{text};
  std::vector<Rows> results;
  const std::array commands{Command(explain, {})};
  EXPECT_TRUE(connection.run(commands, results)) << text;
  std::vector<std::string> steps;
  for (const Row& row : results.at(0)) steps.push_back(std::get<std::string>(row.back()));
  return steps;
}

/// Tables that stay small whatever the store holds, and walks that a LIMIT ends.
bool may_be_scanned(const Statement& statement) {
  return &statement == &sql::kTotals || &statement == &sql::kCounterNames ||
         &statement == &sql::kSchemaVersion || &statement == &sql::kLastReceived ||
         &statement == &sql::kPauses;
}

TEST(Plans, SearchRatherThanScan) {
  const TemporaryFolder folder;
  const auto store = Store::open({"sqlite", folder.path() / "s.db"}, {}, kNow).value();
  for (const Statement* statement : sql::all()) {
    if (may_be_scanned(*statement)) continue;
    const auto connection = store->reader().value();
    for (const std::string& step : plan_of(*connection, *statement)) {
      EXPECT_FALSE(step.starts_with("SCAN")) << statement->text << "\n" << step;
    }
  }
}

// What asks a table that stays small for its only row, or for the newest, walks one step of it.
TEST(Plans, PurgeWithoutScanning) {
  const TemporaryFolder folder;
  const auto store = Store::open({"sqlite", folder.path() / "s.db"}, {}, kNow).value();
  for (const Statement* statement : sql::purge_statements()) {
    if (statement == &sql::kNewestNotification) continue;
    const auto connection = store->writer().value();
    for (const std::string& step : plan_of(*connection, *statement)) {
      if (step == "SCAN CONSTANT ROW") continue;
      EXPECT_FALSE(step.starts_with("SCAN") && step.find("INDEX") == std::string::npos)
          << statement->text << "\n"
          << step;
      EXPECT_EQ(step.find("TEMP B-TREE"), std::string::npos) << statement->text << "\n" << step;
    }
  }
}

TEST(Plans, ListWithoutSorting) {
  const TemporaryFolder folder;
  const auto store = Store::open({"sqlite", folder.path() / "s.db"}, {}, kNow).value();
  for (const Statement* list :
       {&sql::kListNotifications, &sql::kListQuarantine, &sql::kListDeliveries, &sql::kListUndone,
        &sql::kDueDeliveries, &sql::kNextDue, &sql::kUndoneFloor}) {
    const auto connection = store->reader().value();
    for (const std::string& step : plan_of(*connection, *list)) {
      EXPECT_EQ(step.find("TEMP B-TREE"), std::string::npos) << list->text << "\n" << step;
    }
  }
}

TEST(Plans, FindTheOldestOpenDeliveryThroughItsIndex) {
  const TemporaryFolder folder;
  const auto store = Store::open({"sqlite", folder.path() / "s.db"}, {}, kNow).value();
  const auto connection = store->reader().value();
  int through_index = 0;
  for (const std::string& step : plan_of(*connection, sql::kOldestOpenDelivery)) {
    if (step.ends_with("INDEX deliveries_undone (state=?)")) ++through_index;
  }
  EXPECT_EQ(through_index, 2);
}

/// Whose turn it is, is told by the lane's own indexes, however long the line.
TEST(Plans, FindTheHeadOfALaneWithoutLookingAtTheLine) {
  const TemporaryFolder folder;
  const auto store = Store::open({"sqlite", folder.path() / "s.db"}, {}, kNow).value();
  const auto connection = store->reader().value();
  const auto plan = plan_of(*connection, sql::kDueDeliveries);
  const auto uses = [&](std::string_view index) {
    return std::ranges::any_of(
        plan, [&](const std::string& step) { return step.find(index) != std::string::npos; });
  };
  EXPECT_TRUE(uses("INDEX deliveries_due (handler=? AND due_at<?)"));
  EXPECT_TRUE(uses("INDEX deliveries_lane (lane=?)"));
  EXPECT_TRUE(uses("INDEX deliveries_running (lane=?)"));
}

TEST(Plans, FindTheLastReceivedWithoutSorting) {
  const TemporaryFolder folder;
  const auto store = Store::open({"sqlite", folder.path() / "s.db"}, {}, kNow).value();
  const auto connection = store->reader().value();
  EXPECT_EQ(plan_of(*connection, sql::kLastReceived),
            std::vector<std::string>{"SCAN notifications"});
}

}  // namespace
}  // namespace couponhook::storage
