#include "storage/arrival_reader.hpp"

#include <array>

#include "storage/retention/purge_sql.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"

namespace couponhook::storage {

ArrivalReader::Result<std::int64_t> ArrivalReader::newest(ArrivalTable table) {
  const std::array ask{Command(
      table == ArrivalTable::kQuarantine ? sql::kLastQuarantineNumber : sql::kNewestNotification,
      {})};
  std::vector<Rows> results;
  if (auto ran = connection_.run(ask, results); !ran) return ran.error();
  return first_integer(results[0]).value_or(0);
}

ArrivalReader::Result<std::vector<NotificationRecord>> ArrivalReader::rows(ArrivalTable table,
                                                                           std::int64_t after,
                                                                           std::int64_t last,
                                                                           std::int64_t limit) {
  const Query<NotificationRecord>& query =
      table == ArrivalTable::kQuarantine ? sql::kArrivedQuarantined : sql::kArrivedNotifications;
  const std::array ask{Command(query, {after, last, limit})};
  std::vector<Rows> results;
  if (auto ran = connection_.run(ask, results); !ran) return ran.error();
  std::vector<NotificationRecord> records = query.read_all(results[0]);
  if (table == ArrivalTable::kQuarantine) return records;
  std::vector<std::int64_t> found;
  for (const NotificationRecord& record : records) found.push_back(record.sequence);
  auto lists = deliveries(found);
  if (!lists) return lists.error();
  for (std::size_t i = 0; i < records.size(); ++i) records[i].deliveries = std::move((*lists)[i]);
  return records;
}

ArrivalReader::Result<std::vector<std::int64_t>> ArrivalReader::numbers(ArrivalTable table,
                                                                        std::int64_t after,
                                                                        std::int64_t last,
                                                                        std::int64_t limit) {
  const std::array ask{Command(
      table == ArrivalTable::kQuarantine ? sql::kQuarantineNumbers : sql::kNotificationNumbers,
      {after, last, limit})};
  std::vector<Rows> results;
  if (auto ran = connection_.run(ask, results); !ran) return ran.error();
  std::vector<std::int64_t> found;
  for (const Row& row : results[0]) found.push_back(integer(only_field(row)));
  return found;
}

ArrivalReader::Result<std::vector<std::vector<DeliveryRecord>>> ArrivalReader::deliveries(
    std::span<const std::int64_t> notifications) {
  std::vector<std::vector<DeliveryRecord>> lists;
  if (notifications.empty()) return lists;
  std::vector<Command> commands;
  for (const std::int64_t notification : notifications) {
    commands.push_back(Command(sql::kDeliveriesOf, {notification}));
  }
  std::vector<Rows> results;
  if (auto ran = connection_.run(commands, results); !ran) return ran.error();
  for (Rows& rows : results) lists.push_back(sql::kDeliveriesOf.read_all(rows));
  return lists;
}

}  // namespace couponhook::storage
