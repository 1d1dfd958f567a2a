// Tests of the Inbox, the queue in which notifications wait to be stored: the outcome that each
// listener gets, the moment when it gets the outcome, and the effect of a failing store. A test can
// make the database connection fail, or make the writer wait.

#include <array>
#include <thread>

#include "store_fixture.hpp"
#include "support/faulty_connection.hpp"

namespace couponhook::storage {
namespace {

using enum AdmitOutcome;
using support::Faults;
using support::FaultyConnection;
using OutcomeMap = std::map<std::string, AdmitOutcome>;

class InboxTest : public StoreTest {
 protected:
  Inbox& open_inbox(InboxOptions options = {}) {
    options.failure_pause = std::chrono::milliseconds(1);
    inbox_.emplace(
        std::make_unique<FaultyConnection>(writer(), faults_), options, [] { return kNow; },
        [this](const Failure& failure) {
          const std::lock_guard lock(mutex_);
          failures_.push_back(failure.code);
        });
    return *inbox_;
  }
  Inbox::Queued admit(const std::string& id) {
    return inbox_->admit(admission(id), outcomes_.listener(id));
  }
  Inbox::Queued admit_of_bytes(const std::string& id, std::size_t bytes) {
    Admission large = admission(id);
    large.resource.assign(bytes, 'x');
    return inbox_->admit(std::move(large), outcomes_.listener(id));
  }
  /// Stores notifications with these ids in one batch: the writer is kept busy with an earlier test
  /// row until all notifications are queued.
  void admit_together(const std::vector<std::string>& ids) {
    faults_->hold();
    EXPECT_EQ(inbox_->probe(nullptr), Inbox::Queued::kYes);
    faults_->wait_until_one_waits();
    for (const std::string& id : ids) EXPECT_EQ(admit(id), Inbox::Queued::kYes);
    faults_->release();
  }
  std::vector<FailureCode> failures() {
    const std::lock_guard lock(mutex_);
    return failures_;
  }

  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
  Outcomes outcomes_;
  std::mutex mutex_;
  std::vector<FailureCode> failures_;
  std::optional<Inbox> inbox_;
};
COUPONHOOK_ON_EVERY_ENGINE(InboxTest);

TEST_P(InboxTest, NotifiesAfterTheCommit) {
  open_inbox();
  admit("n1");
  EXPECT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"n1", kStored}}));
  EXPECT_EQ(kept("n1").id, "n1");
}

TEST_P(InboxTest, CommitsAllThatWaitAtOnce) {
  open_inbox();
  admit_together({"n1", "n2", "n3"});
  EXPECT_EQ(outcomes_.wait_for(3).size(), 3U);
  EXPECT_EQ(inbox_->activity().commits, 2U);
  EXPECT_EQ(inbox_->activity().rows, 4U);
  EXPECT_EQ(inbox_->activity().last_commit_ms, kNow);
}

TEST_P(InboxTest, TakesNoMoreThanABatchIntoOneTransaction) {
  open_inbox({.batch_max = 2});
  admit_together({"n1", "n2", "n3"});
  EXPECT_EQ(outcomes_.wait_for(3).size(), 3U);
  EXPECT_EQ(inbox_->activity().commits, 3U);
}

TEST_P(InboxTest, WakesAsManyWritersAsABurstFillsBatches) {
  Inbox::Connections connections;
  for (int i = 0; i < 3; ++i) {
    connections.push_back(std::make_unique<FaultyConnection>(writer(), faults_));
  }
  Inbox inbox(
      std::move(connections), {.batch_max = 1}, [] { return kNow; }, nullptr);
  // Chance decides which of the writers sleeps when the notifications arrive, so the test makes
  // several attempts.
  for (std::size_t round = 1; round <= 20; ++round) {
    faults_->hold();
    for (int i = 0; i < 3; ++i) {
      const std::string id = numbered("n", static_cast<int>(round) * 3 + i);
      ASSERT_EQ(inbox.admit(admission(id), outcomes_.listener(id)), Inbox::Queued::kYes);
    }
    ASSERT_TRUE(faults_->wait_until_waiting(3)) << "round " << round;
    faults_->release();
    ASSERT_EQ(outcomes_.wait_for(3 * round).size(), 3 * round);
  }
}

TEST_P(InboxTest, KeepsQuarantinedBodies) {
  open_inbox();
  EXPECT_EQ(inbox_->quarantine(quarantined('x', "n1"), outcomes_.listener("q")),
            Inbox::Queued::kYes);
  EXPECT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"q", kQuarantined}}));
}

TEST_P(InboxTest, AnswersAProbe) {
  open_inbox();
  EXPECT_EQ(inbox_->probe(outcomes_.listener("p")), Inbox::Queued::kYes);
  EXPECT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"p", kAlive}}));
}

TEST_P(InboxTest, RefusesAtOnceWhenFull) {
  open_inbox({.queue_max = 2});
  faults_->hold();
  admit("n0");
  faults_->wait_until_one_waits();
  EXPECT_EQ(admit("n1"), Inbox::Queued::kYes);
  EXPECT_EQ(admit("n2"), Inbox::Queued::kYes);
  EXPECT_EQ(admit("n3"), Inbox::Queued::kFull);
  EXPECT_EQ(inbox_->activity().queued, 2U);
  faults_->release();
  EXPECT_EQ(outcomes_.wait_for(3), (OutcomeMap{{"n0", kStored}, {"n1", kStored}, {"n2", kStored}}));
}

TEST_P(InboxTest, RefusesWhatWouldTakeTooMuchMemoryUntilWhatIsThereIsCommitted) {
  open_inbox({.queue_bytes_max = 10'000});
  faults_->hold();
  EXPECT_EQ(admit_of_bytes("n0", 6'000), Inbox::Queued::kYes);
  faults_->wait_until_one_waits();
  EXPECT_EQ(admit_of_bytes("n1", 6'000), Inbox::Queued::kFull) << "n0 is not committed yet";
  EXPECT_EQ(admit_of_bytes("n2", 100), Inbox::Queued::kYes);
  faults_->release();
  EXPECT_EQ(outcomes_.wait_for(2), (OutcomeMap{{"n0", kStored}, {"n2", kStored}}));
  // The writer frees the memory of a batch only when it takes the next batch, so the test queues
  // another request.
  EXPECT_EQ(inbox_->probe(outcomes_.listener("p")), Inbox::Queued::kYes);
  EXPECT_EQ(outcomes_.wait_for(3).at("p"), kAlive);
  EXPECT_EQ(admit_of_bytes("n1", 6'000), Inbox::Queued::kYes);
  EXPECT_EQ(outcomes_.wait_for(4).at("n1"), kStored);
}

TEST_P(InboxTest, CountsTheMemoryOfQuarantinedBodiesToo) {
  open_inbox({.queue_bytes_max = 1'000});
  faults_->hold();
  admit("n0");
  faults_->wait_until_one_waits();
  Quarantined large = quarantined('x', "n1");
  large.body.assign(1'000, 'x');
  EXPECT_EQ(inbox_->quarantine(std::move(large), outcomes_.listener("q")), Inbox::Queued::kFull);
  faults_->release();
  EXPECT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"n0", kStored}}));
}

TEST_P(InboxTest, TakesWhatIsLargerThanItsMemoryWhereNothingElseIsThere) {
  open_inbox({.queue_bytes_max = 1'000});
  EXPECT_EQ(admit_of_bytes("n1", 6'000), Inbox::Queued::kYes);
  EXPECT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"n1", kStored}}));
}

TEST_P(InboxTest, CommitsWhatIsQueuedBeforeItStops) {
  open_inbox();
  admit_together({"n1", "n2"});
  inbox_->stop();
  EXPECT_EQ(outcomes_.wait_for(2), (OutcomeMap{{"n1", kStored}, {"n2", kStored}}));
}

TEST_P(InboxTest, RejectsNewWorkOnceStopped) {
  open_inbox();
  inbox_->stop();
  EXPECT_EQ(admit("n1"), Inbox::Queued::kStopped);
}

TEST_P(InboxTest, ReportsAFailedCommitToAllAndStoresNothing) {
  open_inbox();
  faults_->fail_commits(FailureCode::kIo);
  admit_together({"n1", "n2"});
  EXPECT_EQ(outcomes_.wait_for(2), (OutcomeMap{{"n1", kFailed}, {"n2", kFailed}}));
  EXPECT_FALSE(reader().notification("n1").value());
  EXPECT_EQ(counts().stored, 0);
}

TEST_P(InboxTest, GoesOnAfterAFailure) {
  open_inbox();
  faults_->fail_commits(FailureCode::kFull, 1);
  admit("n1");
  EXPECT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"n1", kFailed}}));
  admit("n2");
  EXPECT_EQ(outcomes_.wait_for(2).at("n2"), kStored);
  EXPECT_EQ(failures(), std::vector{FailureCode::kFull});
  EXPECT_EQ(inbox_->activity().failed_commits, 1U);
}

TEST_P(InboxTest, ReportsFailureIfTheCommitsReplyIsLost) {
  open_inbox();
  faults_->lose_commits(1);
  admit("n1");
  EXPECT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"n1", kFailed}}));
  EXPECT_EQ(inbox_->admit(admission("n1"), outcomes_.listener("copy")), Inbox::Queued::kYes);
  EXPECT_EQ(outcomes_.wait_for(2).at("copy"), kDuplicate);
}

TEST_P(InboxTest, IsolatesANotificationThatFailsItsBatch) {
  open_inbox();
  faults_->fail_parameter("poison", FailureCode::kStatement);
  admit_together({"n1", "poison", "n2"});
  EXPECT_EQ(outcomes_.wait_for(3),
            (OutcomeMap{{"n1", kStored}, {"n2", kStored}, {"poison", kFailed}}));
}

TEST_P(InboxTest, StopsSingleCommitsWhenTheStoreItselfFails) {
  open_inbox();
  faults_->fail_parameter("poison", FailureCode::kStatement, 1);
  // The database refuses one statement of the batch. The inbox then writes the requests one by one,
  // and the store fails at the first request.
  faults_->fail_commits(FailureCode::kUnavailable);
  admit_together({"n1", "n2", "poison"});
  EXPECT_EQ(outcomes_.wait_for(3),
            (OutcomeMap{{"n1", kFailed}, {"n2", kFailed}, {"poison", kFailed}}));
  EXPECT_EQ(faults_->begun(), 3);
}

TEST_P(InboxTest, RunsABatchThatLostToAnotherAgainAsAWhole) {
  open_inbox();
  faults_->fail_parameter("n2", FailureCode::kConflict, 2);
  admit_together({"n1", "n2"});
  EXPECT_EQ(outcomes_.wait_for(2), (OutcomeMap{{"n1", kStored}, {"n2", kStored}}));
  EXPECT_EQ(inbox_->activity().commits, 2U);
  EXPECT_EQ(faults_->begun(), 4);
}

TEST_P(InboxTest, RunsABatchAgainFiveTimesAtMost) {
  open_inbox();
  faults_->fail_parameter("n1", FailureCode::kConflict);
  admit("n1");
  EXPECT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"n1", kFailed}}));
  EXPECT_EQ(faults_->begun(), 6);
}

TEST_P(InboxTest, SurvivesAnException) {
  open_inbox();
  faults_->throw_from_runs(1);
  admit("n1");
  EXPECT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"n1", kFailed}}));
  admit("n2");
  EXPECT_EQ(outcomes_.wait_for(2).at("n2"), kStored);
}

TEST_P(InboxTest, SurvivesAnObserverThatThrows) {
  Inbox inbox(
      std::make_unique<FaultyConnection>(writer(), faults_),
      {.failure_pause = std::chrono::milliseconds(1)}, [] { return kNow; },
      [](const Failure&) { throw std::bad_alloc(); });
  faults_->fail_commits(FailureCode::kIo, 1);
  EXPECT_EQ(inbox.probe(outcomes_.listener("p1")), Inbox::Queued::kYes);
  EXPECT_EQ(outcomes_.wait_for(1).at("p1"), kFailed);
  EXPECT_EQ(inbox.probe(outcomes_.listener("p2")), Inbox::Queued::kYes);
  EXPECT_EQ(outcomes_.wait_for(2).at("p2"), kAlive);
}

TEST_P(InboxTest, IsFailingFromARefusedNotificationUntilOneIsCommitted) {
  open_inbox();
  EXPECT_FALSE(inbox_->activity().failing);
  faults_->fail_commits(FailureCode::kFull, 1);
  admit("n1");
  ASSERT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"n1", kFailed}}));
  EXPECT_TRUE(inbox_->activity().failing);
  admit("n2");
  ASSERT_EQ(outcomes_.wait_for(2).at("n2"), kStored);
  EXPECT_FALSE(inbox_->activity().failing);
}

TEST_P(InboxTest, ProbesWithARowLargerThanTheNotificationThatWasRefused) {
  const Statement padding{
      "SELECT CAST(coalesce(max(length(padding)), 0) AS BIGINT) FROM heartbeat"};
  const auto probed = [&] {
    std::vector<Rows> rows;
    const std::array ask{Command(padding, {})};
    EXPECT_TRUE(writer()->run(ask, rows));
    return std::get<std::int64_t>(rows.at(0).at(0).at(0));
  };
  open_inbox();
  ASSERT_EQ(inbox_->probe(outcomes_.listener("p0")), Inbox::Queued::kYes);
  ASSERT_EQ(outcomes_.wait_for(1).at("p0"), kAlive);
  EXPECT_EQ(probed(), 0) << "where all is well a probe costs little";

  faults_->fail_commits(FailureCode::kFull, 2);
  admit_of_bytes("n1", 300'000);
  ASSERT_EQ(outcomes_.wait_for(2).at("n1"), kFailed);
  admit_of_bytes("n2", 10);
  ASSERT_EQ(outcomes_.wait_for(3).at("n2"), kFailed);
  ASSERT_EQ(inbox_->probe(outcomes_.listener("p1")), Inbox::Queued::kYes);
  ASSERT_EQ(outcomes_.wait_for(4).at("p1"), kAlive);
  EXPECT_GT(probed(), 300'000);
  EXPECT_FALSE(inbox_->activity().failing);

  ASSERT_EQ(inbox_->probe(outcomes_.listener("p2")), Inbox::Queued::kYes);
  ASSERT_EQ(outcomes_.wait_for(5).at("p2"), kAlive);
  EXPECT_EQ(probed(), 0) << "the room is given back";
}

TEST_P(InboxTest, IsNotHealthyAfterASmallProbeRequestedBefore) {
  open_inbox({.batch_max = 1});
  faults_->hold();
  admit("n1");
  faults_->wait_until_one_waits();
  ASSERT_EQ(inbox_->probe(outcomes_.listener("p")), Inbox::Queued::kYes);
  faults_->fail_commits(FailureCode::kFull, 1);
  faults_->release();
  EXPECT_EQ(outcomes_.wait_for(2), (OutcomeMap{{"n1", kFailed}, {"p", kAlive}}));
  EXPECT_TRUE(inbox_->activity().failing);
}

TEST_P(InboxTest, KeepsWhatFitsWhereALargeOneDoesNot) {
  open_inbox();
  faults_->fail_parameter("large", FailureCode::kFull);
  admit_together({"large", "n1", "n2"});
  EXPECT_EQ(outcomes_.wait_for(3),
            (OutcomeMap{{"large", kFailed}, {"n1", kStored}, {"n2", kStored}}));
}

TEST_P(InboxTest, TriesAFewWhereNothingFits) {
  open_inbox();
  faults_->fail_commits(FailureCode::kFull);
  admit_together({"n1", "n2", "n3", "n4", "n5", "n6"});
  EXPECT_EQ(outcomes_.wait_for(6).size(), 6U);
  EXPECT_EQ(faults_->begun(), 1 + 1 + 3) << "the probe before, the batch, and three of it";
  EXPECT_TRUE(inbox_->activity().failing);
}

TEST_P(InboxTest, WaitsForAStoreThatOthersHold) {
  open_inbox();
  faults_->fail_commits(FailureCode::kBusy, 3);
  admit("n1");
  EXPECT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"n1", kStored}}));
  EXPECT_EQ(failures(), (std::vector<FailureCode>(3, FailureCode::kBusy))) << "and says so";
}

TEST_P(InboxTest, WaitsForOthersNoLongerThanItMay) {
  open_inbox({.busy_max = std::chrono::milliseconds(20)});
  faults_->fail_commits(FailureCode::kBusy);
  admit("n1");
  EXPECT_EQ(outcomes_.wait_for(1), (OutcomeMap{{"n1", kFailed}}));
  EXPECT_TRUE(inbox_->activity().failing);
}

TEST_P(InboxTest, ReportsTheTimeWithoutCommitsWhileWorkWaits) {
  constexpr std::chrono::milliseconds kWait{30};
  open_inbox();
  EXPECT_EQ(inbox_->activity().stalled_for, std::nullopt);
  faults_->hold();
  admit("n1");
  faults_->wait_until_one_waits();
  std::this_thread::sleep_for(kWait);
  EXPECT_GE(inbox_->activity().stalled_for, kWait);
  faults_->release();
  inbox_->stop();
  EXPECT_EQ(outcomes_.wait_for(1).at("n1"), kStored);
  EXPECT_EQ(inbox_->activity().stalled_for, std::nullopt);
}

TEST_P(InboxTest, LetsReadersReadWhileItWrites) {
  open_inbox();
  Reader first = reader();
  Reader second = reader();
  for (int i = 0; i < 200; ++i) {
    admit(numbered("n", i));
    const auto seen_first = first.counts();
    const auto seen_second = second.notifications({});
    ASSERT_TRUE(seen_first) << seen_first.error().message;
    ASSERT_TRUE(seen_second) << seen_second.error().message;
  }
  EXPECT_EQ(outcomes_.wait_for(200).size(), 200U);
  EXPECT_EQ(first.counts().value().stored, 200);
}

}  // namespace
}  // namespace couponhook::storage
