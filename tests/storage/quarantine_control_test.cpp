// Checks the counts of quarantined bodies and of unreadable notifications: each body or
// notification is counted while it is in that state, and leaves the count only once. Bodies are
// decrypted or discarded, notifications are read again or dismissed, and both are purged, also
// concurrently; a store of schema version 1 is migrated.

#include "storage/quarantine_control.hpp"

#include <fstream>
#include <thread>

#include "deliveries_fixture.hpp"
#include "storage/migrations.hpp"
#include "storage/postgres/postgres_connection.hpp"
#include "storage/retention/purge.hpp"
#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/totals.hpp"

namespace couponhook::storage {
namespace {

class QuarantineControlTest : public WithDeliveries {
 protected:
  [[nodiscard]] QuarantineControl control() { return QuarantineControl(writer()); }
  [[nodiscard]] SealedKey sealed_key(std::string_view id) {
    Reader current = reader();
    return current.sealed(current.notification(id).value().value().sequence).value().value().key;
  }
  static Admission unreadable(std::string id) {
    Admission a = admission(std::move(id));
    a.flaw = "unreadable: no stock_id";
    a.deliveries = {{.handler = "crm", .ordering_key = a.id}};
    return a;
  }
  /// Returns an unreadable notification as a later release, which can read its content, would store
  /// it.
  static Admission read_again(std::string id) {
    Admission a = redemption(std::move(id), "c1", "t1");
    a.deliveries = {{.handler = "crm", .ordering_key = "9856000/c1"},
                    {.handler = "erp", .ordering_key = "9856000/c1"}};
    return a;
  }
  static std::vector<std::string> handlers_of(const NotificationRecord& record) {
    std::vector<std::string> handlers;
    for (const DeliveryRecord& each : record.deliveries) handlers.push_back(each.handler);
    return handlers;
  }
  std::int64_t facts() { return std::ssize(reader().coupon("9856000", "c1").value()); }
  void purge(const PurgeCutoffs& cutoffs) {
    const auto connection = writer();
    Purge purge(*connection, cutoffs, PurgeMode::kRemove, std::chrono::steady_clock::now);
    for (bool more = true; more;) more = purge.step(2).value().more;
  }
  void execute(std::string_view script) { ASSERT_TRUE(writer()->run_script(script)); }
  Ids listed(std::string state) {
    Ids found;
    NotificationFilter filter;
    filter.state = std::move(state);
    for (const NotificationRecord& record : reader().notifications(filter).value().items) {
      found.push_back(record.id);
    }
    return found;
  }
};
COUPONHOOK_ON_EVERY_ENGINE(QuarantineControlTest);
using Handlers = std::vector<std::string>;

// The tests below are about quarantined bodies: requests that are signed correctly, but not yet
// decrypted.

TEST_P(QuarantineControlTest, CountsSealedBodiesNowAndInTotal) {
  write_together(quarantined('x', "n1"), quarantined('y', "n2"), quarantined('z', "n3"));
  write_together(quarantined('x', "n1"));
  EXPECT_EQ(counts().sealed, 3);
  Admission opened = admission("n1");
  opened.opened_from = sealed_key("n1");
  write_together(opened);
  EXPECT_EQ(counts().sealed, 2);
  EXPECT_TRUE(control().discard(sealed_key("n2")).value());
  EXPECT_EQ(counts().sealed, 1);
  purge({.quarantine_ms = kNow + 1});
  EXPECT_EQ(counts().sealed, 0);
  EXPECT_EQ(counts().quarantined, 3);
}

TEST_P(QuarantineControlTest, CountsABodyThatLeavesTwiceOnce) {
  write_together(quarantined('x', "n1"), quarantined('y', "n2"));
  Admission opened = admission("n1");
  opened.opened_from = sealed_key("n1");
  write_together(opened, opened);
  EXPECT_EQ(counts().sealed, 1);
  EXPECT_FALSE(control().discard(*opened.opened_from).value());
  EXPECT_EQ(counts().sealed, 1);
}

TEST_P(QuarantineControlTest, StoresADiscardedBodyThatArrivesAgain) {
  write_together(quarantined('x', "n1"));
  ASSERT_TRUE(control().discard(sealed_key("n1")).value());
  write_together(quarantined('x', "n1"));
  EXPECT_EQ(counts().sealed, 1);
  EXPECT_EQ(counts().quarantined, 2);
}

TEST_P(QuarantineControlTest, DiscardsNoOtherBodyThatGotTheSameNumber) {
  write_together(quarantined('x', "n1"));
  SealedKey key = sealed_key("n1");
  key.body_digest = {};
  EXPECT_FALSE(control().discard(key).value());
  EXPECT_EQ(counts().sealed, 1);
}

TEST_P(QuarantineControlTest, SetsTotalsRightThatAnOlderReleaseDidNotKeep) {
  write_together(quarantined('x', "n1"), quarantined('y', "n2"));
  write_together(unreadable("n3"));
  execute("DELETE FROM quarantine WHERE id = 'n1'; UPDATE notifications SET flaw = NULL");
  ASSERT_EQ(counts().sealed, 2);
  ASSERT_TRUE(correct_totals(*writer()));
  EXPECT_EQ(counts().sealed, 1);
  EXPECT_EQ(counts().unreadable, 0);
  ASSERT_TRUE(correct_totals(*writer()));
  EXPECT_EQ(counts().sealed, 1);
}

TEST(MigratedStoreTest, CountsWhatAnOlderStoreHasSealed) {
  for (const std::string_view engine : {"sqlite", "postgresql"}) {
    SCOPED_TRACE(engine);
    const TemporaryFolder folder;
    const StoreUrl url = fresh_url(engine, folder);
    std::unique_ptr<Connection> old;
    if (engine == "sqlite") {
      { const auto file = std::ofstream(url.path); }
      auto opened = SqliteConnection::open(url.path, {}).value();
      ASSERT_TRUE(opened->check_identity(true));
      old = std::move(opened);
    } else {
      old = std::make_unique<PostgresConnection>(PostgresConnection::Options{
          .url = url.address, .name = url.name(), .times = {}, .adopt = nullptr});
    }
    const std::string first = in_dialect(migrations().front().script, dialect_of(engine));
    ASSERT_TRUE(old->run_script(first)) << old->run_script(first).error().message;
    ASSERT_TRUE(old->run_script(
        "CREATE TABLE couponhook_schema (version BIGINT NOT NULL PRIMARY KEY,"
        " applied_at BIGINT NOT NULL, works_with BIGINT NOT NULL);"
        "INSERT INTO couponhook_schema VALUES (1, 1, 1);"
        "INSERT INTO counters VALUES ('quarantined', 0, 9);"
        "INSERT INTO pauses VALUES (1, 'crm', '', 'why', 7, NULL);"
        "INSERT INTO quarantine (body_digest, mchid, reason, detail, id, event_type, received_at,"
        " last_seen_at, times_seen, headers, body) VALUES"
        " ('1', 'm', 'r', 'd', 'n1', 't', 1, 1, 1, '{}', ''),"
        " ('2', 'm', 'r', 'd', 'n2', 't', 1, 1, 1, '{}', '')"));
    old.reset();

    const auto store = Store::open(url, {}, kNow);
    ASSERT_TRUE(store) << store.error().message;
    Reader reader((*store)->reader().value());
    EXPECT_EQ(reader.counts().value().sealed, 2);
    EXPECT_EQ(reader.counts().value().quarantined, 9);
    EXPECT_EQ(reader.pauses().value().at(0).created_by, "");
  }
}

// The tests below are about unreadable notifications: they are decrypted, but this release cannot
// read their content.

TEST_P(QuarantineControlTest, ListsAndCountsWhatCouldNotBeRead) {
  Admission flawed = redemption("odd", "c7", "t7");
  flawed.flaw = "flaw: a line feed in a text";
  write_together(unreadable("n1"), admission("n2"), flawed);
  write_together(unreadable("n1"));
  EXPECT_EQ(counts().unreadable, 1);
  EXPECT_EQ(listed("unreadable"), Ids{"n1"});
  EXPECT_EQ(kept("n1").flaw, "unreadable: no stock_id");
  EXPECT_EQ(kept("odd").flaw, "flaw: a line feed in a text");
  EXPECT_EQ(kept("odd").state, "done");
}

TEST_P(QuarantineControlTest, ShowsTheDeliveryStateOfUnreadableNotifications) {
  write_together(unreadable("n1"));
  EXPECT_EQ(kept("n1").state, "received");
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, DeliveryResult::kDone);
  EXPECT_EQ(kept("n1").state, "unreadable");
  EXPECT_EQ(listed("unreadable"), Ids{"n1"});
  EXPECT_EQ(listed("done"), Ids{});
}

TEST_P(QuarantineControlTest, AddsTheFactAndWhatDeliveriesAreMissing) {
  write_together(unreadable("n1"));
  EXPECT_EQ(control().reread(read_again("n1")).value(), RereadResult::kRead);
  EXPECT_EQ(facts(), 1);
  EXPECT_EQ(handlers_of(kept("n1")), (Handlers{"crm", "erp"}));
  EXPECT_EQ(kept("n1").flaw, "");
  EXPECT_EQ(counts().unreadable, 0);
  EXPECT_EQ(counts().deliveries_pending, 2);
  EXPECT_EQ(control().reread(read_again("n1")).value(), RereadResult::kReadAlready);
  EXPECT_EQ(handlers_of(kept("n1")), (Handlers{"crm", "erp"}));
  EXPECT_EQ(counts().unreadable, 0);
}

TEST_P(QuarantineControlTest, RereadsOnceForConcurrentRequests) {
  write_together(unreadable("n1"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] { EXPECT_TRUE(control().reread(read_again("n1"))); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(handlers_of(kept("n1")), (Handlers{"crm", "erp"}));
  EXPECT_EQ(counts().unreadable, 0);
  EXPECT_EQ(counts().deliveries_pending, 2);
}

TEST_P(QuarantineControlTest, SkipsDeliveriesOfReconciledFacts) {
  Admission reconciled = redemption("book-1", "c1", "t1");
  reconciled.source = "reconcile";
  write_together(unreadable("n1"));
  write_together(reconciled);
  EXPECT_EQ(control().reread(read_again("n1")).value(), RereadResult::kRead);
  EXPECT_EQ(facts(), 1);
  EXPECT_EQ(handlers_of(kept("n1")), Handlers{"crm"});
  EXPECT_EQ(counts().unreadable, 0);
}

TEST_P(QuarantineControlTest, RecordsTheRemainingFlaw) {
  write_together(unreadable("n1"));
  Admission read = read_again("n1");
  read.flaw = "flaw: a line feed in a text";
  ASSERT_TRUE(control().reread(read));
  EXPECT_EQ(kept("n1").flaw, "flaw: a line feed in a text");
}

TEST_P(QuarantineControlTest, AddsOnlyTheFactOfAnUnmarkedNotification) {
  write_together(admission("n1"));
  EXPECT_EQ(control().reread(read_again("n1")).value(), RereadResult::kRead);
  EXPECT_EQ(facts(), 1);
  EXPECT_EQ(handlers_of(kept("n1")), Handlers{});
  EXPECT_EQ(control().reread(read_again("n1")).value(), RereadResult::kReadAlready);
  EXPECT_EQ(counts().unreadable, 0);
  EXPECT_EQ(control().reread(read_again("n2")).value(), RereadResult::kNotFound);
}

TEST_P(QuarantineControlTest, DismissesUnreadableNotifications) {
  write_together(unreadable("n1"));
  EXPECT_TRUE(control().dismiss("n1", "1900000001", "a test").value());
  EXPECT_EQ(counts().unreadable, 0);
  EXPECT_EQ(listed("unreadable"), Ids{});
  EXPECT_EQ(kept("n1").flaw, "flaw: dismissed: a test; unreadable: no stock_id");
  EXPECT_FALSE(control().dismiss("n1", "1900000001", "a test").value());
  EXPECT_FALSE(control().dismiss("n2", "1900000001", "a test").value());
}

TEST_P(QuarantineControlTest, CountsNoLongerWhatRetentionRemoved) {
  write_together(unreadable("n1"), unreadable("n2"));
  write_together(admission("newest"));
  execute("UPDATE deliveries SET due_at = NULL, state = 'done'");
  purge({.payload_ms = kNow + 1});
  EXPECT_EQ(counts().unreadable, 2) << "emptied, and still not read";
  purge({.identity_ms = kNow + 1});
  EXPECT_EQ(counts().unreadable, 0);
}

}  // namespace
}  // namespace couponhook::storage
