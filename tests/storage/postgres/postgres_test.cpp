// Tests of a store on PostgreSQL: refused server settings, tables of another application,
// connections lost in the middle of a commit, rows that stay locked. The tests create each of these
// situations with psql on a real server.

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "storage/dialect.hpp"
#include "storage/migrations.hpp"
#include "storage/postgres/postgres_listener.hpp"
#include "storage/postgres/storable_text.hpp"
#include "storage/sql.hpp"
#include "storage/store_fixture.hpp"

namespace couponhook::storage {
namespace {

using std::chrono::milliseconds;
using support::PostgresServer;

class PostgresTest : public ::testing::Test {
 protected:
  Store::Result<std::unique_ptr<Store>> open(const StoreOptions& options = {}) {
    return Store::open(url_, options, kNow);
  }
  std::string psql(const std::string& sql) { return server_.psql(url_.address, sql); }
  /// Returns the code and message of a failed operation; "none" and an empty text if it did not
  /// fail.
  template <typename T>
  static std::pair<std::string, std::string> refusal(const Connection::Result<T>& result) {
    if (result) return {"none", ""};
    return {std::string(to_string(result.error().code)), result.error().message};
  }
  void expect_refusal(const std::string& code, const std::string& words) {
    const auto [found, message] = refusal(open());
    EXPECT_EQ(found, code) << message;
    EXPECT_NE(message.find(words), std::string::npos) << message;
  }
  std::string database() {
    std::string name = psql("SELECT current_database()");
    name.pop_back();
    return name;
  }
  void end_sessions() {
    psql(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'couponhook' AND datname = current_database()");
  }
  static Connection::Result<void> write(Connection& connection, Admission content) {
    BatchWriter batch_writer(connection);
    std::vector<Work> batch(1);
    batch[0].content = std::move(content);
    return batch_writer.write(batch, kNow);
  }

  PostgresServer& server_ = PostgresServer::shared();
  StoreUrl url_{.engine = "postgresql", .address = server_.new_database()};
};

TEST_F(PostgresTest, AnAdmissionWaitsForACopyInAnotherTransactionAsLongAsItsReplyMay) {
  // Imitates a server with a slow disk: another transaction has inserted the same notification, and
  // holds the row lock until its commit is on the disk.
  const Statement insert{
      "INSERT INTO notifications (id, mchid, event_type, create_time, received_at, last_seen_at,"
      " times_seen, source, digest, envelope, resource)"
      " VALUES ('n1', '1900000001', 'COUPON.USE', '', 0, 0, 1, 'notification', $1, '', $1)"};
  const auto store = open().value();
  const auto slow = store->writer(WriterRole::kAdmissions).value();
  const auto writer = store->writer(WriterRole::kAdmissions).value();
  ASSERT_TRUE(slow->begin());
  std::vector<Rows> none;
  const std::array commands{Command(insert, {Bytes{"a"}})};
  ASSERT_TRUE(slow->run(commands, none));
  std::thread flushed([&slow] {
    std::this_thread::sleep_for(milliseconds(1400));
    ASSERT_TRUE(slow->commit());
  });
  const auto written = write(*writer, admission("n1"));
  flushed.join();
  EXPECT_TRUE(written) << written.error().message;
}

TEST_F(PostgresTest, RefusesToForgetCommits) {
  psql("ALTER DATABASE " + database() + " SET synchronous_commit = off");
  expect_refusal("unsafe", "synchronous_commit is off");
}

TEST_F(PostgresTest, RejectsSettingsThatTurnDurabilityOff) {
  const auto store = open().value();
  const auto connection = store->writer().value();
  ASSERT_TRUE(write(*connection, admission("n1")));
  psql("ALTER DATABASE " + database() + " SET synchronous_commit = off");
  ASSERT_TRUE(write(*connection, admission("n2"))) << "the session had said what it wants";
  end_sessions();
  EXPECT_EQ(refusal(write(*connection, admission("n3"))).first, "unsafe") << "a new session looks";
}

TEST_F(PostgresTest, RefusesUnloggedTables) {
  ASSERT_TRUE(open());
  psql("ALTER TABLE coupon_history SET UNLOGGED");
  expect_refusal("unsafe", "coupon_history is unlogged");
}

TEST_F(PostgresTest, RefusesTablesThatAreNotOurs) {
  psql("CREATE TABLE counters (n int)");
  expect_refusal("corrupt", "a table counters that is not couponhook's");
  EXPECT_EQ(psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "1\n");
}

TEST_F(PostgresTest, RefusesAnEncodingThatHoldsNotEverything) {
  server_.psql(server_.url("postgres"),
               "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
  url_.address = server_.url("latin");
  expect_refusal("unsafe", "encoding is not UTF8");
}

TEST_F(PostgresTest, WorksInASchemaOfItsOwn) {
  psql("CREATE TABLE counters (n int); CREATE SCHEMA coupons");
  url_.address += "&options=-csearch_path%3Dcoupons";
  ASSERT_TRUE(open());
  EXPECT_EQ(psql("SELECT count(*) FROM coupons.counters"), "0\n");
}

TEST_F(PostgresTest, IsSetUpOnceByAllWhoStartAtOnce) {
  std::array<std::string, 4> codes;
  std::vector<std::thread> threads;
  for (std::string& code : codes) {
    threads.emplace_back([this, &code] { code = refusal(open()).first; });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& code : codes) EXPECT_EQ(code, "none");
  EXPECT_EQ(psql("SELECT count(*) FROM couponhook_schema"),
            std::to_string(migrations().size()) + "\n");
}

TEST_F(PostgresTest, WorksWithANewerSchemaThatSaysSo) {
  ASSERT_TRUE(open());
  const std::string newer = std::to_string(current_schema_version() + 1);
  const std::string ours = std::to_string(current_schema_version());
  psql("INSERT INTO couponhook_schema VALUES (" + newer + ", 0, " + ours + ")");
  const auto store = open();
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_TRUE(write(*(*store)->writer().value(), admission("n1")));
}

TEST_F(PostgresTest, RefusesANewerSchemaThatDoesNot) {
  ASSERT_TRUE(open());
  const std::string newer = std::to_string(current_schema_version() + 1);
  psql("INSERT INTO couponhook_schema VALUES (" + newer + ", 0, " + newer + ")");
  expect_refusal("too_new", "schema version " + newer);
}

TEST_F(PostgresTest, ComesBackByItselfToWhereItWasIdle) {
  const auto store = open().value();
  const auto connection = store->writer().value();
  ASSERT_TRUE(write(*connection, admission("n1")));
  end_sessions();
  EXPECT_TRUE(write(*connection, admission("n2")));
}

TEST_F(PostgresTest, SaysThatATransactionMayBeRunAgainWhereItWasLostBeforeItsCommit) {
  const auto store = open().value();
  const auto connection = store->writer().value();
  std::vector<Rows> results;
  const std::array count{Command(sql::kTotals, {})};
  ASSERT_TRUE(connection->begin());
  ASSERT_TRUE(connection->run(count, results));
  end_sessions();
  EXPECT_EQ(refusal(connection->run(count, results)).first, "conflict");
  EXPECT_EQ(refusal(connection->commit()).first, "conflict") << "what is gone cannot be committed";
}

TEST_F(PostgresTest, ReportsAnUnknownResultIfTheConnectionIsLostDuringTheCommit) {
  const auto store = open().value();
  const auto connection = store->writer().value();
  psql(
      "CREATE FUNCTION end_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
      "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON notifications DEFERRABLE INITIALLY DEFERRED"
      " FOR EACH ROW EXECUTE FUNCTION end_it()");
  EXPECT_EQ(refusal(write(*connection, admission("n1"))).first, "unavailable");
}

TEST_F(PostgresTest, TakesARollbackForNoCommit) {
  const auto store = open().value();
  const auto connection = store->writer().value();
  std::vector<Rows> results;
  ASSERT_TRUE(connection->begin());
  const Statement refused{"SELECT 1/0"};
  EXPECT_FALSE(connection->run(std::array{Command(refused, {})}, results));
  EXPECT_FALSE(connection->commit());
}

TEST_F(PostgresTest, WaitsForACommitLongerThanForAStatement) {
  const auto store = open({.statement_max = milliseconds(200)}).value();
  const auto connection = store->writer().value();
  psql(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      " PERFORM pg_sleep(0.6); RETURN NULL; END $$;"
      "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON notifications DEFERRABLE INITIALLY DEFERRED"
      " FOR EACH ROW EXECUTE FUNCTION slow()");
  EXPECT_TRUE(write(*connection, admission("n1")));
}

TEST_F(PostgresTest, EndsAStatementThatTakesTooLong) {
  const auto store = open({.statement_max = milliseconds(100)}).value();
  const auto connection = store->writer().value();
  const Statement slow{"SELECT CAST(pg_sleep(5) AS TEXT)"};
  std::vector<Rows> results;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(refusal(connection->run(std::array{Command(slow, {})}, results)).first, "unavailable");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(3));
}

TEST_F(PostgresTest, GivesUpWaitingForAServerThatDoesNotReply) {
  const auto store = open({.statement_max = milliseconds(100)}).value();
  const auto connection = store->writer().value();
  std::vector<Rows> results;
  const Statement untimed{"SELECT set_config('statement_timeout', '0', false)"};
  ASSERT_TRUE(connection->run(std::array{Command(untimed, {})}, results));
  const Statement slow{"SELECT CAST(pg_sleep(3) AS TEXT)"};
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(refusal(connection->run(std::array{Command(slow, {})}, results)).first, "unavailable");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
  EXPECT_TRUE(write(*connection, admission("n1"))) << "on a new session";
}

TEST_F(PostgresTest, KeepsTheRestOfABatchFromARowThatStaysLocked) {
  const auto others = open().value();
  const auto stuck = others->writer().value();
  ASSERT_TRUE(write(*stuck, admission("n2")));
  const Statement lock{"SELECT id FROM notifications WHERE id = 'n2' FOR UPDATE"};
  std::vector<Rows> results;
  ASSERT_TRUE(stuck->begin());
  ASSERT_TRUE(stuck->run(std::array{Command(lock, {})}, results));

  const auto store = open({.statement_max = milliseconds(500)}).value();
  Outcomes outcomes;
  Inbox inbox(
      store->writer().value(), {}, [] { return kNow; }, nullptr);
  for (const char* id : {"n1", "n2", "n3"}) {
    EXPECT_EQ(inbox.admit(admission(id), outcomes.listener(id)), Inbox::Queued::kYes);
  }
  const auto received = outcomes.wait_for(3);
  EXPECT_EQ(received.at("n1"), AdmitOutcome::kStored);
  EXPECT_EQ(received.at("n2"), AdmitOutcome::kFailed);
  EXPECT_EQ(received.at("n3"), AdmitOutcome::kStored);
}

TEST_F(PostgresTest, KeepsWhateverBytesWereSigned) {
  const auto store = open().value();
  Admission unusual = redemption("n1", std::string("c\xED\xB0\x80", 4), "t");
  unusual.resource = std::string("\0\xFF\xC3\x28 \x80", 6);
  unusual.create_time = std::string("20\0 24", 6);
  ASSERT_TRUE(write(*store->writer().value(), unusual));
  Reader reader(store->reader().value());
  EXPECT_EQ(reader.notification("n1").value()->resource, unusual.resource);
  EXPECT_EQ(reader.notification("n1").value()->create_time, "20\xEF\xBF\xBD 24");
  EXPECT_EQ(reader.coupon("9856000", unusual.fact->coupon).value().size(), 1U);
}

TEST_F(PostgresTest, GivesEachWriterAShareOfTheCountersOfItsOwn) {
  const auto store = open().value();
  std::vector<std::unique_ptr<Connection>> writers = store->writers(5).value();
  std::set<std::int64_t> slots;
  for (auto& writer : writers) {
    ASSERT_TRUE(write(*writer, admission("n1")));
    slots.insert(writer->counter_slot());
  }
  EXPECT_EQ(slots.size(), 5U);
  writers.clear();
  const auto next = store->writer().value();
  ASSERT_TRUE(write(*next, admission("n2")));
  EXPECT_TRUE(slots.contains(next->counter_slot())) << "a share that is free is taken again";
  const StoreCounts counts = Reader(store->reader().value()).counts().value();
  EXPECT_EQ(counts.stored, 2);
  EXPECT_EQ(counts.duplicates, 4);
}

TEST_F(PostgresTest, TakesTheSameIdsFromSeveralWritersAtOnce) {
  constexpr int kIds = 300;
  const auto store = open().value();
  Outcomes outcomes;
  std::array<std::unique_ptr<Inbox>, 2> replicas;
  for (auto& replica : replicas) {
    replica = std::make_unique<Inbox>(
        store->writers(2).value(), InboxOptions{.batch_max = 16}, [] { return kNow; }, nullptr);
  }
  for (int i = 0; i < kIds; ++i) {
    // The second replica inserts the notifications in the opposite order, so that the two replicas
    // would lock rows in different orders.
    for (std::size_t r = 0; r < replicas.size(); ++r) {
      const int id = r == 0 ? i : kIds - 1 - i;
      Admission a = redemption(numbered("n", id), numbered("c", id % 7), numbered("t", id));
      EXPECT_EQ(replicas[r]->admit(std::move(a), outcomes.listener(numbered("", i * 2 + int(r)))),
                Inbox::Queued::kYes);
    }
  }
  const auto received = outcomes.wait_for(2 * kIds);
  for (auto& replica : replicas) replica->stop();
  const auto count = [&received](AdmitOutcome outcome) {
    return std::count_if(received.begin(), received.end(),
                         [outcome](const auto& each) { return each.second == outcome; });
  };
  EXPECT_EQ(count(AdmitOutcome::kStored), kIds);
  EXPECT_EQ(count(AdmitOutcome::kDuplicate), kIds);
  const StoreCounts counts = Reader(store->reader().value()).counts().value();
  EXPECT_EQ(counts.stored, kIds);
  EXPECT_EQ(counts.duplicates, kIds);
  EXPECT_EQ(psql("SELECT count(*), sum(times_seen) FROM notifications"), "300|600\n");
}

TEST_F(PostgresTest, SkipsLockedRowsWhereAStatementHintsAtIt) {
  const auto store = open().value();
  const auto first = store->writer().value();
  const auto second = store->writer().value();
  ASSERT_TRUE(write(*first, admission("n1")));
  const Statement claim{"SELECT id FROM notifications " COUPONHOOK_SKIP_LOCKED};
  std::vector<Rows> results;
  ASSERT_TRUE(first->begin());
  ASSERT_TRUE(first->run(std::array{Command(claim, {})}, results));
  EXPECT_EQ(results[0].size(), 1U);
  ASSERT_TRUE(second->run(std::array{Command(claim, {})}, results));
  EXPECT_TRUE(results[0].empty());
}

TEST_F(PostgresTest, CommitsWithoutWaitingInEverySessionOnceAsked) {
  const auto store = open().value();
  const auto connection = store->writer().value();
  psql(
      "CREATE TABLE said (n serial, waits text);"
      "CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO said (waits)"
      " VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;"
      "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON notifications DEFERRABLE INITIALLY DEFERRED"
      " FOR EACH ROW EXECUTE FUNCTION say()");
  ASSERT_TRUE(write(*connection, admission("n1")));
  ASSERT_TRUE(connection->commit_without_waiting());
  ASSERT_TRUE(write(*connection, admission("n2")));
  end_sessions();
  ASSERT_TRUE(write(*connection, admission("n3")));
  EXPECT_EQ(psql("SELECT string_agg(waits, ' ' ORDER BY n) FROM said"), "on off off\n");
}

TEST_F(PostgresTest, FindsCopiesThroughTheirKey) {
  ASSERT_TRUE(open());
  const std::string plan =
      psql("SET enable_seqscan = off; EXPLAIN " +
           std::string(sql::kFirstOfCopy.text.substr(0, sql::kFirstOfCopy.text.find('$'))) +
           "'a' AND mchid = 'b'");
  EXPECT_NE(plan.find("notifications_pkey"), std::string::npos) << plan;
}

TEST_F(PostgresTest, ReceivesNotificationsOfAnotherReplica) {
  const auto soon = [] { return std::chrono::steady_clock::now() + std::chrono::seconds(10); };
  PostgresListener here(url_.address, url_.name(), "couponhook_test");
  PostgresListener there(url_.address, url_.name(), "couponhook_test");
  // The listener begins to listen only with its first call of wait().
  EXPECT_FALSE(here.wait(std::chrono::steady_clock::now() + milliseconds(1)));
  there.announce();
  there.interrupt();
  std::thread announcer([&] {
    EXPECT_FALSE(there.wait(soon())) << "the interrupt came first";
    EXPECT_FALSE(there.wait(std::chrono::steady_clock::now() + milliseconds(200)))
        << "its own announcement is none to itself";
  });
  EXPECT_TRUE(here.wait(soon()));
  announcer.join();
}

TEST_F(PostgresTest, ListensAgainByItself) {
  PostgresListener here(url_.address, url_.name(), "couponhook_test");
  EXPECT_FALSE(here.wait(std::chrono::steady_clock::now() + milliseconds(1)));
  end_sessions();
  std::thread announcer([this] {
    for (int i = 0; i < 20; ++i) {
      psql("NOTIFY couponhook_test");
      std::this_thread::sleep_for(milliseconds(100));
    }
  });
  EXPECT_TRUE(here.wait(std::chrono::steady_clock::now() + std::chrono::seconds(10)));
  announcer.join();
}

TEST(PostgresText, RepairsOnlyRejectedText) {
  std::string repaired;
  EXPECT_EQ(storable_text("plain", repaired), "plain");
  EXPECT_EQ(storable_text("券 \xF0\x9F\x8E\xAB", repaired), "券 \xF0\x9F\x8E\xAB");
  EXPECT_EQ(storable_text(std::string_view("a\0b", 3), repaired),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(storable_text("\xC0\x80", repaired), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(storable_text("\xED\xA0\x80x", repaired), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDx");
  EXPECT_EQ(storable_text("\xF4\x90\x80\x80", repaired).size(), 12U);
  EXPECT_EQ(storable_text("cut \xE5\x88", repaired), "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace couponhook::storage
