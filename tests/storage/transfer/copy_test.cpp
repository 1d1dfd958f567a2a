// Checks that a store copied to PostgreSQL is complete, and that an incomplete copy is not accepted
// as a store. Some tests interrupt the copy with an exception; psql, which does not use
// couponhook's code, examines the result.

#include "storage/transfer/copy.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "storage/store_fixture.hpp"

namespace couponhook::storage {
namespace {

using ::testing::HasSubstr;

const WorkObserver kUnobserved = [](std::string_view, std::uint64_t, std::uint64_t) {};

class CopyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto& server = support::PostgresServer::shared();
    address_ = server.new_database();
    target_ = {.engine = "postgresql", .address = address_};
  }
  static void write(Store& store, std::vector<Admission> admissions) {
    const auto connection = store.writer().value();
    BatchWriter batch_writer(*connection);
    std::vector<Work> batch;
    for (Admission& a : admissions) {
      batch.push_back(Work{.content = std::move(a), .listener = nullptr});
    }
    ASSERT_TRUE(batch_writer.write(batch, kNow));
  }
  /// Creates the store to be copied, with rows in every table.
  void fill_source(int count) {
    const auto store = Store::open(source_, {}, kNow).value();
    std::vector<Admission> admissions;
    for (int i = 0; i < count; ++i) {
      Admission a = redemption(numbered("n", i), numbered("c", i), numbered("t", i));
      a.resource = std::string("\0\xff binary \\ ' ", 13) + std::to_string(i);
      if (i % 2 == 0) a.deliveries.push_back({.handler = "crm", .ordering_key = a.id});
      admissions.push_back(std::move(a));
    }
    Admission returned = refund("r0", "refund0", "t0");
    returned.fact->set_amounts(base::RefundAmounts{2300, 1000, 1800, 783});
    returned.fact->shares = {{"c0", 500, 217}};
    admissions.push_back(std::move(returned));
    write(*store, std::move(admissions));
    write(*store, {admission("n0", 'b')});
    const auto connection = store->writer().value();
    BatchWriter batch_writer(*connection);
    std::vector<Work> sealed;
    sealed.push_back(Work{.content = quarantined('q', "q0"), .listener = nullptr});
    ASSERT_TRUE(batch_writer.write(sealed, kNow));
    ASSERT_TRUE(connection->run_script(
        "INSERT INTO delivery_attempts VALUES (1, 0, 1, 5, 6, 'retry', 'no answer');"
        "INSERT INTO pauses VALUES (1, 'crm', '*', 'a reason', 7, NULL, 'admin');"
        "INSERT INTO audit_log VALUES (1, 9, 'lin', '192.0.2.7', 'retry', 'delivery 1', '', "
        "'done');"
        "INSERT INTO notification_openids VALUES (1, x'00112233445566778899aabbccddeeff');"
        "INSERT INTO history VALUES (60, 60, 'stored', 1);"
        "INSERT INTO history_marks VALUES ('stored', 1);"
        "INSERT INTO retention_held VALUES (1);"
        "INSERT INTO ledger_marks VALUES (8, 1, 1);"
        "INSERT INTO retention_cursors VALUES ('payloads', 1)"));
  }
  Connection::Result<std::vector<TableReport>> copy(const WorkObserver& observer = kUnobserved) {
    return copy_to_postgres(source_, target_, kNow, observer);
  }
  /// Stops the copy with an exception after `rows` rows of the table were copied, as if the process
  /// had been killed at that point.
  void copy_until(std::string_view table, std::uint64_t rows) {
    const auto cut = [&](std::string_view doing, std::uint64_t done, std::uint64_t) {
      if (doing == "copied " + std::string(table) && done >= rows) throw std::runtime_error("cut");
    };
    EXPECT_THROW(static_cast<void>(copy(cut)), std::runtime_error);
  }
  static std::string psql(const std::string& address, const std::string& sql) {
    return support::PostgresServer::shared().psql(address, sql);
  }
  std::string psql(const std::string& sql) const { return psql(address_, sql); }
  template <typename T>
  static std::string refusal(const Connection::Result<T>& result) {
    return result ? "nothing was refused" : result.error().message;
  }

  TemporaryFolder folder_;
  StoreUrl source_{.engine = "sqlite", .path = folder_.path() / "s.db"};
  std::string address_;
  StoreUrl target_;
};

TEST_F(CopyTest, HasEveryRowOfEveryTable) {
  fill_source(250);
  const auto reports = copy();
  ASSERT_TRUE(reports) << reports.error().message;
  for (const TableReport& table : *reports) {
    EXPECT_GT(table.source.rows(), 0) << table.name << " is not filled by this test";
    EXPECT_EQ(psql("SELECT count(*) FROM " + table.name),
              std::to_string(table.source.rows()) + "\n");
  }
}

TEST_F(CopyTest, HasTheSameBytes) {
  fill_source(3);
  ASSERT_TRUE(copy());
  EXPECT_EQ(psql("SELECT encode(resource, 'hex') FROM notifications WHERE id = 'n2'"),
            "00ff2062696e617279205c202732\n");
  EXPECT_EQ(psql("SELECT resumed_at IS NULL, reason FROM pauses"), "t|a reason\n");
}

TEST_F(CopyTest, IsReadLikeItsSource) {
  fill_source(10);
  ASSERT_TRUE(copy());
  const auto store = Store::open(target_, {}, kNow);
  ASSERT_TRUE(store) << store.error().message;
  Reader reader((*store)->reader().value());
  EXPECT_EQ(reader.counts()->stored, 11);
  EXPECT_EQ(reader.counts()->deliveries_pending, 5);
  const auto facts = reader.coupon("9856000", "c0").value();
  ASSERT_EQ(facts.size(), 2U) << "a redemption and its refund";
  EXPECT_EQ(facts[1].fact.amounts(), (base::RefundAmounts{2300, 1000, 1800, 783}));
  EXPECT_EQ(facts[1].fact.shares, (std::vector<base::CouponShare>{{"c0", 500, 217}}));
}

TEST_F(CopyTest, NumbersNewRowsAfterTheOldOnes) {
  fill_source(10);
  ASSERT_TRUE(copy());
  const auto store = Store::open(target_, {}, kNow).value();
  Admission next = redemption("next", "next", "next");
  next.deliveries.push_back({.handler = "crm", .ordering_key = "next"});
  write(*store, {std::move(next)});
  EXPECT_EQ(psql("SELECT seq FROM notifications WHERE id = 'next'"), "12\n");
  EXPECT_EQ(psql("SELECT max(seq) FROM deliveries"), "6\n");
}

TEST_F(CopyTest, GoesOnWhereItEnded) {
  fill_source(1000);
  copy_until("notifications", 300);
  std::uint64_t first_reported = 0;
  const auto reports = copy([&](std::string_view doing, std::uint64_t done, std::uint64_t) {
    if (first_reported == 0 && doing == "copied notifications") first_reported = done;
  });
  ASSERT_TRUE(reports) << reports.error().message;
  EXPECT_GT(first_reported, 300U);
  EXPECT_EQ(psql("SELECT count(*) FROM notifications"), "1001\n");
}

TEST_F(CopyTest, IsNoStoreBeforeItIsComplete) {
  fill_source(10);
  copy_until("notifications", 1);
  EXPECT_THAT(refusal(Store::open(target_, {}, kNow)), HasSubstr("unfinished copy"));
  EXPECT_THAT(refusal(Store::inspect(target_, {})), HasSubstr("unfinished copy"));
}

TEST_F(CopyTest, NoticesWhatWasChangedInBetween) {
  fill_source(1000);
  copy_until("notifications", 300);
  {
    const auto store = Store::open(source_, {}, kNow).value();
    ASSERT_TRUE(store->writer().value()->run_script(
        "UPDATE notifications SET times_seen = times_seen + 1 WHERE seq = 7"));
  }
  EXPECT_THAT(refusal(copy()), HasSubstr("table notifications differs"));
  EXPECT_THAT(refusal(Store::open(target_, {}, kNow)), HasSubstr("unfinished copy"));
}

TEST_F(CopyTest, IsNotMadeOverAnotherStore) {
  fill_source(3);
  {
    const auto store = Store::open(target_, {}, kNow).value();
    write(*store, {admission("theirs")});
  }
  EXPECT_THAT(refusal(copy()), HasSubstr("notifications already"));
  EXPECT_EQ(psql("SELECT id FROM notifications"), "theirs\n");
}

TEST_F(CopyTest, IsNotMadeFromTwoSources) {
  fill_source(3);
  copy_until("notifications", 1);
  source_.path = folder_.path() / "other.db";
  { ASSERT_TRUE(Store::open(source_, {}, kNow + 1)); }
  EXPECT_THAT(refusal(copy()), HasSubstr("copy of another store"));
}

TEST_F(CopyTest, IsNotMadeFromAStoreInUse) {
  fill_source(3);
  const auto service = Store::open(source_, {}, kNow).value();
  EXPECT_THAT(refusal(copy()), HasSubstr("in use by process"));
}

TEST(RowDigest, DoesNotDependOnTheOrderOfRows) {
  const Row first{std::int64_t{1}, std::string("a")};
  const Row second{std::int64_t{2}, std::string("b")};
  RowDigest forwards;
  forwards.add(first);
  forwards.add(second);
  RowDigest backwards;
  backwards.add(second);
  backwards.add(first);
  EXPECT_EQ(forwards, backwards);
}

TEST(RowDigest, DistinguishesValues) {
  const std::vector<Row> rows{{},
                              {nullptr},
                              {std::int64_t{0}},
                              {std::string()},
                              {std::string(1, '\0')},
                              {std::string("12345678")},
                              {std::string("12345678") + '\0'},
                              {std::string("a"), std::string("b")},
                              {std::string("b"), std::string("a")},
                              {std::string("ab"), std::string()}};
  std::map<std::string, std::size_t> texts;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RowDigest digest;
    digest.add(rows[i]);
    const auto [known, is_new] = texts.emplace(digest.text(), i);
    EXPECT_TRUE(is_new) << "row " << i << " is like row " << known->second;
  }
}

TEST(RowDigest, CountsRowsThatAreThereTwice) {
  const Row row{std::int64_t{1}};
  RowDigest once;
  once.add(row);
  RowDigest twice = once;
  twice.add(row);
  EXPECT_NE(once, twice);
}

}  // namespace
}  // namespace couponhook::storage
