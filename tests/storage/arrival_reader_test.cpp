// Tests of class ArrivalReader, which reads what arrived in the order of its row numbers.

#include "storage/arrival_reader.hpp"

#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

class ArrivalReaderTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    connection_ = store().reader().value();
    arrivals_ = std::make_unique<ArrivalReader>(*connection_);
  }
  void keep(int from, int to) {
    for (int i = from; i < to; ++i) {
      Admission a = admission(numbered("n", i));
      a.deliveries.push_back({"crm", numbered("lane", i)});
      write_together(std::move(a));
    }
  }
  std::vector<std::string> ids(std::int64_t after, std::int64_t last, std::int64_t limit) {
    std::vector<std::string> found;
    auto rows = arrivals_->rows(ArrivalTable::kNotifications, after, last, limit).value();
    for (const NotificationRecord& record : rows) found.push_back(record.id);
    return found;
  }

  std::unique_ptr<Connection> connection_;
  std::unique_ptr<ArrivalReader> arrivals_;
};
COUPONHOOK_ON_EVERY_ENGINE(ArrivalReaderTest);
using Ids = std::vector<std::string>;

TEST_P(ArrivalReaderTest, FindsNothingInAnEmptyStore) {
  for (const ArrivalTable table : {ArrivalTable::kNotifications, ArrivalTable::kQuarantine}) {
    EXPECT_EQ(arrivals_->newest(table).value(), 0);
    EXPECT_TRUE(arrivals_->rows(table, 0, ArrivalReader::kLast, 10).value().empty());
    EXPECT_TRUE(arrivals_->numbers(table, 0, ArrivalReader::kLast, 10).value().empty());
  }
  EXPECT_TRUE(arrivals_->deliveries({}).value().empty());
}

TEST_P(ArrivalReaderTest, ReadsNotificationsInOrderWithContentAndDeliveries) {
  keep(0, 4);
  const auto rows =
      arrivals_->rows(ArrivalTable::kNotifications, 0, ArrivalReader::kLast, 10).value();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(arrivals_->newest(ArrivalTable::kNotifications).value(), rows[3].sequence);
  EXPECT_EQ(rows[0].resource, R"({"content":"a"})");
  ASSERT_EQ(rows[0].deliveries.size(), 1U);
  EXPECT_EQ(rows[0].deliveries[0].handler, "crm");
  EXPECT_EQ(rows[0].state, "received");
  const std::int64_t first = rows[0].sequence;
  EXPECT_EQ(ids(0, ArrivalReader::kLast, 2), (Ids{"n0", "n1"}));
  EXPECT_EQ(ids(first, rows[2].sequence, 10), (Ids{"n1", "n2"}));
  const auto numbers = arrivals_->numbers(ArrivalTable::kNotifications, first, rows[3].sequence, 2);
  EXPECT_EQ(numbers.value(), (std::vector<std::int64_t>{rows[3].sequence, rows[2].sequence}));
}

TEST_P(ArrivalReaderTest, ReadsTheDeliveriesOfEachNotification) {
  keep(0, 2);
  const auto rows =
      arrivals_->rows(ArrivalTable::kNotifications, 0, ArrivalReader::kLast, 10).value();
  const std::vector<std::int64_t> asked{rows[1].sequence, 999, rows[0].sequence};
  const auto lists = arrivals_->deliveries(asked).value();
  ASSERT_EQ(lists.size(), 3U);
  EXPECT_EQ(lists[0].at(0).delivery_id, rows[1].deliveries.at(0).delivery_id);
  EXPECT_TRUE(lists[1].empty());
  EXPECT_EQ(lists[2].at(0).delivery_id, rows[0].deliveries.at(0).delivery_id);
}

TEST_P(ArrivalReaderTest, ReadsQuarantinedBodiesWithoutTheirContent) {
  write_together(quarantined('x', "q1"));
  write_together(quarantined('y', "q2"));
  const auto rows = arrivals_->rows(ArrivalTable::kQuarantine, 0, ArrivalReader::kLast, 10).value();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].id, "q1");
  EXPECT_EQ(rows[1].quarantine_reason, "DECRYPT_FAILED");
  EXPECT_EQ(rows[1].resource, "");
  EXPECT_EQ(arrivals_->newest(ArrivalTable::kQuarantine).value(), rows[1].sequence);
}

TEST_P(ArrivalReaderTest, KnowsWhetherRowsComeInOrder) {
  EXPECT_EQ(arrivals_->may_be_out_of_order(), GetParam() == "postgresql");
}

}  // namespace
}  // namespace couponhook::storage
