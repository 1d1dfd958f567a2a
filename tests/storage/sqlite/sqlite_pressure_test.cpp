// Tests of SQLite under load. Connections that want to write must wait until another connection,
// another process or the disk has finished. At the same time, checkpoints empty the write-ahead
// log.

#include <atomic>
#include <thread>

#include "storage/deliveries_fixture.hpp"
#include "storage/sqlite/sqlite_checkpointer.hpp"

namespace couponhook::storage {
namespace {

using std::chrono::milliseconds;
using OutcomeMap = std::map<std::string, AdmitOutcome>;

const Statement kSynchronous{"PRAGMA synchronous"};

class SqlitePressureTest : public ::testing::Test {
 protected:
  void open(const StoreOptions& options = {}) {
    store_ = Store::open({"sqlite", path_}, options, kNow).value();
  }
  std::int64_t ask(Connection& connection, const Statement& statement) {
    const std::array commands{Command(statement, {})};
    std::vector<Rows> rows;
    const auto asked = connection.run(commands, rows);
    EXPECT_TRUE(asked) << asked.error().message;
    return std::get<std::int64_t>(rows.at(0).at(0).at(0));
  }
  static Admission large(std::string id, std::size_t bytes) {
    Admission a = admission(std::move(id));
    a.resource.assign(bytes, 'x');
    return a;
  }
  [[nodiscard]] std::uintmax_t log_bytes() const {
    std::error_code ec;
    const auto size = std::filesystem::file_size(path_.string() + "-wal", ec);
    return ec ? 0 : size;
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "s.db";
  std::unique_ptr<Store> store_;
};

TEST_F(SqlitePressureTest, OnlyAcknowledgedWritesWaitForTheDisk) {
  constexpr std::int64_t kFull = 2;
  constexpr std::int64_t kNormal = 1;
  open();
  const auto synchronous = [this](WriterRole role) {
    return ask(*store_->writer(role).value(), kSynchronous);
  };
  EXPECT_EQ(synchronous(WriterRole::kAdmissions), kFull);
  EXPECT_EQ(synchronous(WriterRole::kOperators), kFull);
  EXPECT_EQ(synchronous(WriterRole::kDeliveries), kNormal);
  EXPECT_EQ(synchronous(WriterRole::kMaintenance), kNormal);
}

TEST_F(SqlitePressureTest, AnAdmissionWaitsForAnotherProcessAndIsStoredLate) {
  open({.admission_wait = milliseconds(50)});
  const auto beside = Store::join({"sqlite", path_}, {}).value();
  const auto other = beside->writer(WriterRole::kMaintenance).value();
  std::atomic<int> held_failures = 0;
  Inbox inbox(
      store_->writers(1).value(), {}, [] { return kNow; },
      [&](const Failure& failure) { held_failures += failure.code == FailureCode::kBusy; });
  ASSERT_TRUE(other->begin());
  Outcomes outcomes;
  ASSERT_EQ(inbox.admit(admission("n1"), outcomes.listener("n1")), Inbox::Queued::kYes);
  for (int i = 0; i < 3000 && held_failures < 3; ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_GE(held_failures, 3) << "it says what it waits for";
  EXPECT_FALSE(inbox.activity().failing) << "nothing has been refused yet";
  EXPECT_GE(inbox.activity().stalled_for.value_or(milliseconds(0)), milliseconds(100));
  ASSERT_TRUE(other->commit());
  EXPECT_EQ(outcomes.wait_for(1), (OutcomeMap{{"n1", AdmitOutcome::kStored}}));
}

TEST_F(SqlitePressureTest, AnAdmissionGoesBeforeEarlierWaiters) {
  open();
  const auto admissions = store_->writer(WriterRole::kAdmissions).value();
  const auto deliveries = store_->writer(WriterRole::kDeliveries).value();
  const auto maintenance = store_->writer(WriterRole::kMaintenance).value();
  // The list is accessed only by the writer that has the turn to write, so it needs no lock.
  std::vector<std::string> order;
  const auto write = [&order](Connection& connection, const char* name) {
    return std::thread([&order, &connection, name] {
      ASSERT_TRUE(connection.begin());
      order.emplace_back(name);
      ASSERT_TRUE(connection.commit());
    });
  };
  const auto operators = store_->writer(WriterRole::kOperators).value();
  ASSERT_TRUE(operators->begin());
  std::thread first = write(*maintenance, "maintenance");
  std::this_thread::sleep_for(milliseconds(30));
  std::thread second = write(*deliveries, "deliveries");
  std::this_thread::sleep_for(milliseconds(30));
  std::thread third = write(*admissions, "admissions");
  std::this_thread::sleep_for(milliseconds(30));
  ASSERT_TRUE(operators->commit());
  for (std::thread* thread : {&first, &second, &third}) thread->join();
  EXPECT_EQ(order.at(0), "admissions");
}

TEST_F(SqlitePressureTest, TheWalIsCheckpointedWhileWritersRun) {
  constexpr int kCount = 400;
  constexpr std::size_t kBytes = 200'000;
  // A checkpoint takes a turn to write only if the checkpoint is quick, which on a busy machine
  // happens less often. So the test stores more notifications until the write-ahead log has begun
  // anew, up to this number.
  constexpr int kCountMax = 2000;
  open();
  int count = 0;
  const auto began_anew = [&] { return log_bytes() < static_cast<std::size_t>(count) * kBytes; };
  {
    Inbox inbox(
        store_->writers(1).value(), {.batch_max = 4}, [] { return kNow; }, nullptr);
    // A second thread writes and reads all the time, so that the write-ahead log is nearly always
    // in use when a checkpoint runs.
    std::atomic<bool> over = false;
    std::thread beside([&] {
      const auto connection = store_->writer(WriterRole::kDeliveries).value();
      while (!over) {
        BatchWriter writer(*connection);
        Work probe{.content = Probe{}, .listener = nullptr};
        ASSERT_TRUE(writer.write({&probe, 1}, kNow));
      }
    });
    Reader reader(store_->reader().value());
    Outcomes outcomes;
    const auto admit_until = [&](int total) {
      for (; count < total; ++count) {
        const std::string id = numbered("n", count);
        while (inbox.admit(large(id, kBytes), outcomes.listener(id)) != Inbox::Queued::kYes) {
          std::this_thread::sleep_for(milliseconds(1));
        }
        EXPECT_TRUE(reader.counts());
      }
      const auto admitted = static_cast<std::size_t>(count);
      EXPECT_EQ(outcomes.wait_for(admitted).size(), admitted);
    };
    admit_until(kCount);
    while (!began_anew() && count < kCountMax) admit_until(count + kCount / 4);
    over = true;
    beside.join();
  }
  EXPECT_TRUE(began_anew());
  // Copies the database files while they are open: a crash would leave the files in this state.
  const std::filesystem::path copy = folder_.path() / "copy.db";
  std::filesystem::copy_file(path_, copy);
  std::filesystem::copy_file(path_.string() + "-wal", copy.string() + "-wal");
  const auto found = Store::inspect({"sqlite", copy}, {}).value();
  EXPECT_EQ(Reader(found->reader().value()).counts().value().stored, count);
  EXPECT_TRUE(found->reader().value()->check_integrity());
}

TEST(CheckpointPlan, IsDueOnceTheLogIsLongAndAgainOnceItHasGrownSinceItWasCopied) {
  CheckpointPlan plan;
  plan.committed(CheckpointPlan::kInterval - 1);
  EXPECT_FALSE(plan.is_due());
  plan.committed(CheckpointPlan::kInterval + 5);
  EXPECT_TRUE(plan.is_due());
  plan.ended(
      LogState{.frames = CheckpointPlan::kInterval + 9, .copied = CheckpointPlan::kInterval + 9});
  plan.committed(CheckpointPlan::kInterval + 9);
  EXPECT_FALSE(plan.is_due())
      << "a commit that it had copied is told late: a writer may start anew";
  plan.committed(CheckpointPlan::kInterval + 10);
  EXPECT_TRUE(plan.is_due());
  plan.ended(
      LogState{.frames = CheckpointPlan::kInterval + 10, .copied = CheckpointPlan::kInterval + 10});
  plan.committed(3);
  EXPECT_FALSE(plan.is_due()) << "it began anew";
}

TEST(CheckpointPlan, WaitsForMoreWhereWritersHaveAddedToTheLogMeanwhile) {
  CheckpointPlan plan;
  plan.committed(5010);
  EXPECT_FALSE(plan.has_all(LogState{.frames = 5000, .copied = 5000}));
  plan.ended(LogState{.frames = 5000, .copied = 5000});
  plan.committed(5011);
  EXPECT_FALSE(plan.is_due()) << "not again at once";
}

TEST(CheckpointPlan, WaitsForMoreWhereNotAllCouldBeCopied) {
  CheckpointPlan plan;
  plan.committed(5000);
  plan.ended(LogState{.frames = 5000, .copied = 4000});
  plan.committed(5001);
  EXPECT_FALSE(plan.is_due());
  plan.committed(5000 + CheckpointPlan::kInterval);
  EXPECT_TRUE(plan.is_due());
  plan.ended(std::nullopt);
  EXPECT_FALSE(plan.is_due()) << "it failed: not again at once";
}

}  // namespace
}  // namespace couponhook::storage
