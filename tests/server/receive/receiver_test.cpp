// Checks that the receiver acknowledges a notification only after it is committed to the database,
// and loses none. The receiver uses a real SQLite database whose connection fails, blocks or loses
// commits on request. A stand-in for WeChat Pay repeats each notification until it is acknowledged.

#include "server/receive/receiver.hpp"

#include <future>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include "storage/reader.hpp"
#include "storage/store.hpp"
#include "support/faulty_connection.hpp"
#include "support/temporary_folder.hpp"
#include "support/wechatpay_stand_in.hpp"

namespace couponhook::server {
namespace {

using support::FakeRequest;
using support::redemption_draft;

const std::chrono::system_clock::time_point kNow{std::chrono::seconds(1'763'700'000)};

/// Stand-in for the delivery worker: stores the requests for deliveries that it gets, and gives the
/// prepared answers.
class FakeDeliveryWaiter final : public DeliveryWaiter {
 public:
  void handle(HandledRequest&& request) override {
    requests.push_back(request);
    if (answers.empty()) return;
    request.listener->handled(answers.front());
    answers.erase(answers.begin());
  }

  std::vector<Handled> answers;
  std::vector<HandledRequest> requests;
};

class ReceiverOverAFaultyStore : public ::testing::Test {
 protected:
  ReceiverOverAFaultyStore()
      : store_(*storage::Store::open({"sqlite", folder_.path() / "store.db"}, {}, 0)),
        reader_(*store_->reader()) {
    make_inbox({});
    std::vector<handlers::EventPattern> patterns;
    patterns.push_back(*handlers::EventPattern::parse("COUPON.*"));
    rules_.ledger.add("ledger", std::move(patterns));
    std::vector<Merchant> merchants;
    merchants.push_back(wechatpay_.merchant());
    merchants_ = std::make_unique<base::Live<Merchants>>(
        std::make_shared<const Merchants>(std::move(merchants)));
  }

  void make_inbox(storage::InboxOptions options) {
    inbox_.reset();
    inbox_ = std::make_unique<storage::Inbox>(
        std::make_unique<support::FaultyConnection>(*store_->writer(), faults_), options,
        [] { return std::int64_t{0}; }, [](const storage::Failure&) {});
  }

  Reply post(const FakeRequest& request, milliseconds budget = milliseconds(4000)) {
    Receiver receiver(*merchants_, rules_, *inbox_, delivery_waiter_, reply_counters_, log_,
                      [this] { return wechatpay_.now(); }, {budget, 204});
    const Request view = request.view();
    std::optional<Reply> reply;
    Task<Reply> task = receiver.handle(view);
    asio::co_spawn(io_, std::move(task), [&](std::exception_ptr failure, Reply made) {
      if (failure) std::rethrow_exception(failure);
      reply = std::move(made);
    });
    io_.restart();
    while (!reply) io_.run_one();
    return std::move(*reply);
  }

  std::int64_t stored() { return reader_.counts()->stored; }

  support::TemporaryFolder folder_;
  support::WeChatPayStandIn wechatpay_{kNow};
  std::unique_ptr<base::Live<Merchants>> merchants_;
  ReceiveRules rules_;
  FakeDeliveryWaiter delivery_waiter_;
  ReplyCounters reply_counters_;
  Log log_{LogConfig{"json", "error"}};
  std::shared_ptr<support::Faults> faults_ = std::make_shared<support::Faults>();
  std::unique_ptr<storage::Store> store_;
  storage::Reader reader_;
  // The io_context must outlive the inbox, because the inbox's writer thread posts to it.
  asio::io_context io_;
  std::unique_ptr<storage::Inbox> inbox_;
};

TEST_F(ReceiverOverAFaultyStore, AcknowledgesWhatIsCommitted) {
  EXPECT_EQ(post(wechatpay_.notify(redemption_draft("N-1"))).status, 204U);
  EXPECT_EQ(stored(), 1);
}

TEST_F(ReceiverOverAFaultyStore, RepliesUnavailableWhereTheCommitFails) {
  faults_->fail_commits(storage::FailureCode::kIo, 1);

  const Reply reply = post(wechatpay_.notify(redemption_draft("N-1")));

  EXPECT_EQ(reply.status, 503U);
  EXPECT_NE(reply.body.find("STORE_UNAVAILABLE"), std::string::npos);
  EXPECT_EQ(stored(), 0);
}

TEST_F(ReceiverOverAFaultyStore, IsSentAgainUntilTheStoreRecovers) {
  faults_->fail_commits(storage::FailureCode::kFull, 3);

  const auto statuses = wechatpay_.send_until_acknowledged(
      redemption_draft("N-1"), [this](const FakeRequest& request) { return post(request).status; });

  EXPECT_EQ(statuses, (std::vector<unsigned>{503, 503, 503, 204}));
  EXPECT_EQ(stored(), 1);
}

TEST_F(ReceiverOverAFaultyStore, DoesNotAcknowledgeACommitOfUnknownResult) {
  faults_->lose_commits(1);

  EXPECT_EQ(post(wechatpay_.notify(redemption_draft("N-1"))).status, 503U);
  EXPECT_EQ(post(wechatpay_.notify(redemption_draft("N-1"))).status, 204U);
  EXPECT_EQ(stored(), 1);
  EXPECT_EQ(reply_counters_.of(Verdict::kDuplicate), 1U);
}

TEST_F(ReceiverOverAFaultyStore, RepliesWithinItsBudgetAndCountsACommitThatLandsLate) {
  faults_->hold();
  const auto begun = SteadyClock::now();

  const Reply reply = post(wechatpay_.notify(redemption_draft("N-1")), milliseconds(150));

  EXPECT_EQ(reply.status, 503U);
  EXPECT_LT(SteadyClock::now() - begun, std::chrono::seconds(2));
  faults_->release();
  EXPECT_EQ(post(wechatpay_.notify(redemption_draft("N-1"))).status, 204U);
  EXPECT_EQ(reply_counters_.of(Verdict::kDuplicate), 1U);
  EXPECT_EQ(stored(), 1);
}

TEST_F(ReceiverOverAFaultyStore, SaysThatItIsOverloadedAtOnceWhereTheQueueIsFull) {
  make_inbox({.queue_max = 1});
  faults_->hold();
  // The database writer holds the first notification, and the second notification fills the queue.
  // Both requests stop waiting for their reply after 1 ms.
  post(wechatpay_.notify(redemption_draft("N-1")), milliseconds(1));
  faults_->wait_until_one_waits();
  post(wechatpay_.notify(redemption_draft("N-2")), milliseconds(1));

  const Reply reply = post(wechatpay_.notify(redemption_draft("N-3")));

  EXPECT_EQ(reply.status, 503U);
  EXPECT_NE(reply.body.find("OVERLOADED"), std::string::npos);
  faults_->release();
}

TEST_F(ReceiverOverAFaultyStore, KeepsNothingThatIsNotSigned) {
  for (const Bad bad : {Bad::kSignature, Bad::kSerial, Bad::kTimestamp, Bad::kProbe}) {
    EXPECT_EQ(post(wechatpay_.notify(redemption_draft("N-1"), bad)).status, 401U);
  }
  EXPECT_EQ(faults_->begun(), 0);
}

TEST_F(ReceiverOverAFaultyStore, QuarantinesAndRefusesWhatItCannotOpen) {
  EXPECT_EQ(post(wechatpay_.notify(redemption_draft("N-1"), Bad::kCiphertext)).status, 500U);
  EXPECT_EQ(reader_.counts()->quarantined, 1);
  EXPECT_EQ(stored(), 0);
}

/// Fixture: a receiver whose reply waits for a handler with ack = "handled".
class ReceiverThatWaitsForAHandler : public ReceiverOverAFaultyStore {
 protected:
  ReceiverThatWaitsForAHandler() {
    std::vector<handlers::EventPattern> patterns;
    patterns.push_back(*handlers::EventPattern::parse("*"));
    rules_.outward.add("crm", std::move(patterns));
    rules_.awaited.insert("crm");
  }

  unsigned status_where_answered(std::vector<Handled> answers,
                                 milliseconds budget = milliseconds(4000)) {
    delivery_waiter_.answers = std::move(answers);
    return post(wechatpay_.notify(redemption_draft("N-1")), budget).status;
  }
};

TEST_F(ReceiverThatWaitsForAHandler, PassesOnTheDeliveryLeasedAtAdmission) {
  EXPECT_EQ(status_where_answered({Handled::kDone}), 204U);
  ASSERT_EQ(delivery_waiter_.requests.size(), 1U);
  ASSERT_EQ(delivery_waiter_.requests[0].leased_at_admission.size(), 1U);
  EXPECT_EQ(delivery_waiter_.requests[0].leased_at_admission[0].handler, "crm");
  EXPECT_EQ(delivery_waiter_.requests[0].leased_at_admission[0].notification_id, "N-1");
  EXPECT_FALSE(delivery_waiter_.requests[0].leased_at_admission[0].resource.empty());
}

TEST_F(ReceiverThatWaitsForAHandler, AcknowledgesNoCopyBeforeTheHandlerIsDone) {
  EXPECT_EQ(status_where_answered({Handled::kFailed}), 500U);
  EXPECT_EQ(status_where_answered({Handled::kFailed}), 500U);
  EXPECT_EQ(status_where_answered({Handled::kDone}), 204U);
  EXPECT_EQ(stored(), 1);
  EXPECT_TRUE(delivery_waiter_.requests[1].leased_at_admission.empty())
      << "a copy's delivery is looked up";
}

TEST_F(ReceiverThatWaitsForAHandler, RepliesAtOnceIfNoResultCanComeInTime) {
  EXPECT_EQ(status_where_answered({Handled::kNotYet}), 500U);
  EXPECT_EQ(status_where_answered({Handled::kNotYet}), 503U);
}

TEST_F(ReceiverThatWaitsForAHandler, RepliesFailedToTheFirstAndInProgressToACopyAtTimeout) {
  EXPECT_EQ(status_where_answered({}, milliseconds(300)), 500U);
  EXPECT_EQ(status_where_answered({}, milliseconds(300)), 503U);
  EXPECT_EQ(reply_counters_.of(Verdict::kHandlerFailed), 1U);
  EXPECT_EQ(reply_counters_.of(Verdict::kInProgress), 1U);
}

TEST_F(ReceiverOverAFaultyStore, RefusesPathsAndMethodsBeforeTheBodyIsRead) {
  Receiver receiver(*merchants_, rules_, *inbox_, delivery_waiter_, reply_counters_, log_,
                    [] { return kNow; }, {milliseconds(4000), 204});

  EXPECT_EQ(receiver.refuse("POST", "/elsewhere", "192.0.2.1")->status, 404U);
  EXPECT_EQ(receiver.refuse("GET", "/notify/1900000001", "192.0.2.1")->status, 405U);
  EXPECT_FALSE(receiver.refuse("POST", "/notify/1900000001", "192.0.2.1").has_value());
}

}  // namespace
}  // namespace couponhook::server
