#include "storage/task_lease.hpp"

#include <array>
#include <vector>

#include "storage/retention/purge_sql.hpp"

namespace couponhook::storage {
namespace {

Connection::Result<std::vector<Rows>> write(Connection& connection, const Command& command) {
  std::vector<Rows> results;
  const std::array commands{command};
  if (auto begun = connection.begin(); !begun) return begun.error();
  auto written = connection.run(commands, results);
  if (written) written = connection.commit();
  if (written) return results;
  connection.rollback();
  return written.error();
}

}  // namespace

TaskLease::Result<bool> TaskLease::take(Connection& connection, std::int64_t now_ms) {
  if (held_until_ms_ - now_ms > length_ms_ / 2) return true;
  const std::int64_t until_ms = now_ms + length_ms_;
  const auto taken = write(connection, Command(sql::kTakeLease, {task_, owner_, until_ms, now_ms}));
  if (!taken) return taken.error();
  const bool is_ours = !(*taken)[0].empty();
  held_until_ms_ = is_ours ? until_ms : 0;
  return is_ours;
}

TaskLease::Result<void> TaskLease::end(Connection& connection) {
  held_until_ms_ = 0;
  const auto ended = write(connection, Command(sql::kEndLease, {task_, owner_}));
  if (!ended) return ended.error();
  return {};
}

}  // namespace couponhook::storage
