// Checks that the rows of a query are read into the members that its list of columns names.

#include "storage/query.hpp"

#include <array>
#include <stdexcept>

#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

struct Sample {
  std::int64_t number = 0;
  std::optional<std::int64_t> maybe;
  bool flag = false;
  std::string text;
};

class QueryTest : public StoreTest {
 protected:
  Rows rows_of(const Statement& statement) {
    std::vector<Rows> results;
    const std::array ask{Command(statement, {})};
    const auto ran = connection().run(ask, results);
    EXPECT_TRUE(ran) << ran.error().message;
    return std::move(results.at(0));
  }

 private:
  Connection& connection() {
    if (!connection_) connection_ = writer();
    return *connection_;
  }
  std::unique_ptr<Connection> connection_;
};
COUPONHOOK_ON_EVERY_ENGINE(QueryTest);

TEST_P(QueryTest, ReadsEachColumnIntoItsMember) {
  static const Query<Sample> query{"SELECT {columns}",
                                   {{"CAST('seven' AS TEXT)", &Sample::text},
                                    {"1 = 1", &Sample::flag},
                                    {"8", &Sample::maybe},
                                    {"7", &Sample::number}}};
  Rows rows = rows_of(query);
  const Sample sample = query.read_first(rows).value();
  EXPECT_EQ(sample.number, 7);
  EXPECT_EQ(sample.maybe, 8);
  EXPECT_TRUE(sample.flag);
  EXPECT_EQ(sample.text, "seven");
}

TEST_P(QueryTest, ReadsNullAsNothing) {
  static const Query<Sample> query{"SELECT {columns}",
                                   {{"CAST(NULL AS TEXT)", &Sample::text},
                                    {"CAST(NULL AS BIGINT) = 1", &Sample::flag},
                                    {"CAST(NULL AS BIGINT)", &Sample::maybe}}};
  Rows rows = rows_of(query);
  const Sample sample = query.read_first(rows).value();
  EXPECT_EQ(sample.text, "");
  EXPECT_FALSE(sample.flag);
  EXPECT_EQ(sample.maybe, std::nullopt);
}

TEST_P(QueryTest, GivesBothHalvesOfAUnionTheSameColumns) {
  static const Query<Sample> query{
      "SELECT {columns} FROM (SELECT 1 AS a, 2 AS b) x"
      " UNION ALL SELECT {columns} FROM (SELECT 4 AS b, 3 AS a) y ORDER BY 1",
      {{"a", &Sample::number}, {"b", &Sample::maybe}}};
  Rows rows = rows_of(query);
  const std::vector<Sample> samples = query.read_all(rows);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].maybe, 2);
  EXPECT_EQ(samples[1].maybe, 4);
}

TEST(Query, RefusesARowWithMoreColumns) {
  const Query<Sample> query{"SELECT {columns}, 9", {{"7", &Sample::number}}};
  Row row{std::int64_t{7}, std::int64_t{9}};
  EXPECT_THROW(static_cast<void>(query.read(row)), std::logic_error);
}

TEST(Query, IsNeededForARowWithMoreThanOneColumn) {
  const Rows rows{{std::int64_t{7}, std::int64_t{9}}};
  EXPECT_THROW(static_cast<void>(only_integer(rows)), std::logic_error);
}

}  // namespace
}  // namespace couponhook::storage
