#include "server/config/reconcile_config.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "server/config/section.hpp"

namespace couponhook::server {
namespace {

using wechatpay::FlowColumnNames;
using wechatpay::FlowKind;

constexpr std::int64_t kWeekSeconds = 7 * 86400;
constexpr std::int64_t kMonthHours = 31 * 24;

void read_seconds(Section& section, std::string_view key, std::chrono::seconds& into,
                  std::int64_t least) {
  std::int64_t value = into.count();
  section.integer(key, value, least, kWeekSeconds);
  into = std::chrono::seconds(value);
}

/// Reads a table of column names for flow files (WeChat Pay's settlement files). Each key is the
/// meaning of a column; each value is a list of names that the column may have.
std::vector<FlowColumnNames> read_columns(Section& parent, std::string_view key, FlowKind kind) {
  std::vector<FlowColumnNames> columns;
  auto section = parent.table(key);
  if (!section) return columns;
  for (const FlowColumnNames& usual : wechatpay::usual_flow_columns(kind)) {
    FlowColumnNames configured{usual.column, {}};
    section->texts(to_string(usual.column), configured.names);
    if (!configured.names.empty()) columns.push_back(std::move(configured));
  }
  section->refuse_unknown_keys();
  return columns;
}

}  // namespace

ReconcileConfig read_reconcile(Section section) {
  ReconcileConfig reconcile;
  section.texts("stocks", reconcile.stocks);
  for (const std::string& stock : reconcile.stocks) {
    const bool is_id =
        !stock.empty() && stock.size() <= 20 && std::ranges::all_of(stock, base::is_digit);
    if (!is_id) section.report("stocks", "has \"" + stock + "\", which is not a stock_id (digits)");
  }
  read_seconds(section, "flow_interval_s", reconcile.flow_interval, 1);
  section.text("appid", reconcile.appid);
  section.path("issued_file", reconcile.issued_file);
  read_seconds(section, "poll_interval_s", reconcile.poll_interval, 1);
  std::int64_t hours = reconcile.recent.count();
  section.integer("recent_hours", hours, 1, kMonthHours);
  reconcile.recent = std::chrono::hours(hours);
  section.integer("max_users", reconcile.max_users, 1, 100000);
  read_seconds(section, "settle_s", reconcile.settle, 0);
  section.boolean("apply", reconcile.apply);
  reconcile.use_columns = read_columns(section, "use_columns", FlowKind::kUse);
  reconcile.refund_columns = read_columns(section, "refund_columns", FlowKind::kRefund);
  section.refuse_unknown_keys();
  return reconcile;
}

}  // namespace couponhook::server
