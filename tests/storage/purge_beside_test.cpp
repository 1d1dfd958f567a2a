// Checks that a running purge neither empties nor deletes a row that an operator retries, or that a
// writer inserts, at the same moment. A wrapped connection lets the test act between the purge's
// read and its write, or between two of its statements; on PostgreSQL the test acts in another
// transaction.

#include <functional>
#include <future>

#include "purge_fixture.hpp"
#include "storage/delivery_control.hpp"
#include "storage/retention/purge_sql.hpp"
#include "storage/sql.hpp"

namespace couponhook::storage {
namespace {

using namespace std::chrono_literals;

/// Connection that calls a function of the test (hook) before each transaction and before each
/// statement, so that the test can act at that moment.
class Interrupted final : public Connection {
 public:
  /// Function of the test that the connection calls. The argument is the statement that runs next;
  /// null before a transaction.
  using Hook = std::function<void(const Statement*)>;

  Interrupted(std::unique_ptr<Connection> inner, Hook hook)
      : inner_(std::move(inner)), hook_(std::move(hook)) {}

  Result<void> begin() override {
    hook_(nullptr);
    return inner_->begin();
  }
  Result<void> commit() override { return inner_->commit(); }
  void rollback() noexcept override { inner_->rollback(); }
  Result<void> run(std::span<const Command> commands, std::vector<Rows>& results) override {
    results.clear();
    for (const Command& command : commands) {
      hook_(&command.statement());
      std::vector<Rows> one;
      if (auto ran = inner_->run({&command, 1}, one); !ran) return ran;
      results.push_back(std::move(one[0]));
    }
    return {};
  }
  Result<void> run_script(std::string_view script) override { return inner_->run_script(script); }
  Result<void> commit_without_waiting() override { return inner_->commit_without_waiting(); }
  Result<std::int64_t> size_bytes() override { return inner_->size_bytes(); }
  Result<void> check_integrity() override { return inner_->check_integrity(); }
  std::string_view engine() const override { return inner_->engine(); }

 private:
  std::unique_ptr<Connection> inner_;
  Hook hook_;
};

/// Fixture for tests in which an operator retries a delivery of the notification "old" while a
/// purge removes that notification.
class PurgeBesideARetry : public PurgeTest {
 protected:
  void SetUp() override {
    PurgeTest::SetUp();
    write_together(with_delivery(received_on(0, "old")));
    write_together(received_on(9, "newest"));
    delivery_ = kept("old").deliveries.at(0).delivery_id;
    control_ = std::make_unique<DeliveryControl>(writer());
  }
  ControlResult retry() {
    const auto retried = control_->retry(std::array{delivery_}, day(9));
    return retried ? retried->at(0) : ControlResult::kRunning;
  }
  /// Purges everything that was received before day 5. The hook is called before each transaction
  /// and each statement of the purge.
  void purge_with(const Interrupted::Hook& hook, bool payloads_only = false) {
    Interrupted connection(writer(), hook);
    PurgeCutoffs cutoffs{.payload_ms = day(5)};
    if (!payloads_only) cutoffs.identity_ms = day(5);
    Purge purge(connection, cutoffs, PurgeMode::kRemove, std::chrono::steady_clock::now);
    for (bool more = true; more;) {
      const auto stepped = purge.step(kForSteps);
      ASSERT_TRUE(stepped) << stepped.error().message;
      more = stepped->more;
    }
  }
  /// Marks every delivery as done and purges without a hook. After that, no row of the notification
  /// "old" may be left.
  void expect_purged_once_done() {
    finish_deliveries();
    purge({.payload_ms = day(5), .identity_ms = day(5)});
    EXPECT_FALSE(is_kept("old"));
    EXPECT_EQ(count("deliveries") + count("retention_held"), 0);
  }

  std::int64_t delivery_ = 0;
  std::unique_ptr<DeliveryControl> control_;
};
COUPONHOOK_ON_EVERY_ENGINE(PurgeBesideARetry);

TEST_P(PurgeBesideARetry, ChecksHeldNotificationsAgainBeforeItsWrite) {
  finish_deliveries("dead");
  purge({.payload_ms = day(5), .identity_ms = day(5)});
  ASSERT_EQ(count("retention_held"), 1);
  finish_deliveries();
  bool retried = false;
  purge_with([&](const Statement* statement) {
    if (statement == nullptr && !std::exchange(retried, true)) {
      EXPECT_EQ(retry(), ControlResult::kDone);
    }
  });
  EXPECT_TRUE(retried);
  EXPECT_TRUE(has_payload("old"));
  EXPECT_EQ(count("retention_held"), 1) << "or no pass would ever look at it again";
  expect_purged_once_done();
}

TEST_P(PurgeBesideARetry, ChecksRetriedNotificationsAgainBeforeItsFirstWrite) {
  finish_deliveries();
  bool retried = false;
  purge_with([&](const Statement* statement) {
    if (statement == nullptr && !std::exchange(retried, true)) {
      EXPECT_EQ(retry(), ControlResult::kDone);
    }
  });
  EXPECT_TRUE(retried);
  EXPECT_TRUE(has_payload("old"));
  expect_purged_once_done();
}

// The retry and the purge run at the same time: on PostgreSQL in two transactions side by side, on
// SQLite one of the two waits for the other.
TEST_P(PurgeBesideARetry, LeavesNoOpenDeliveryOfWhatItIsEmptyingOrRemoving) {
  for (const bool payloads_only : {true, false}) {
    finish_deliveries();
    const Statement* const at = payloads_only ? &sql::kEmptyNotifications : &sql::kDeleteDeliveries;
    std::future<ControlResult> retrying;
    purge_with(
        [&](const Statement* statement) {
          if (statement != at || retrying.valid()) return;
          retrying = std::async(std::launch::async, [this] { return retry(); });
          // This wait gives the retry time to run before the purge's statement.
          retrying.wait_for(200ms);
        },
        payloads_only);
    ASSERT_TRUE(retrying.valid());
    const ControlResult result = retrying.get();
    EXPECT_NE(result, ControlResult::kDone) << "what it would deliver is gone";
    EXPECT_EQ(count("deliveries WHERE state NOT IN ('done', 'skipped')"), 0);
  }
  EXPECT_FALSE(is_kept("old"));
}

TEST_P(PurgeBesideARetry, WaitsForARetryThatIsUnderWay) {
  finish_deliveries();
  const auto retrying = writer();
  ASSERT_TRUE(retrying->begin());
  const std::array retry{Command(sql::kRetryNow, {"pending", day(9), delivery_})};
  std::vector<Rows> results;
  ASSERT_TRUE(retrying->run(retry, results));
  auto purging = std::async(std::launch::async, [&] { purge_with([](const Statement*) {}); });
  EXPECT_EQ(purging.wait_for(200ms), std::future_status::timeout) << "it is to wait";
  ASSERT_TRUE(retrying->commit());
  purging.get();
  EXPECT_TRUE(has_payload("old"));
  expect_purged_once_done();
}

TEST_P(PurgeBesideARetry, KeepsASealedBodyThatArrivedBetweenScanAndWrite) {
  Quarantined old = quarantined('a');
  old.received_at_ms = day(0);
  write_together(std::move(old));
  bool done = false;
  Interrupted connection(writer(), [&](const Statement* statement) {
    if (statement != nullptr || std::exchange(done, true)) return;
    // An operator has decrypted the quarantined body, so the row of the body is deleted; SQLite
    // gives the row number to the next body.
    execute("DELETE FROM quarantine");
    Quarantined young = quarantined('b');
    young.received_at_ms = day(9);
    write_together(std::move(young));
  });
  Purge purge(connection, {.quarantine_ms = day(5)}, PurgeMode::kRemove,
              std::chrono::steady_clock::now);
  for (bool more = true; more;) more = purge.step(kForSteps).value().more;
  EXPECT_TRUE(done);
  EXPECT_EQ(count("quarantine"), 1);
}

}  // namespace
}  // namespace couponhook::storage
