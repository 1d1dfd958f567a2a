#pragma once

/// \file
/// Settings in the [merchant.reconcile] table of the configuration.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "wechatpay/flow_columns.hpp"

namespace couponhook::server {

class Section;

/// Settings of the comparisons with WeChat Pay's own records that the running service (`serve`)
/// makes periodically.
struct ReconcileConfig {
  /// Ids of the stocks (coupon batches) whose flow files (WeChat Pay's settlement files) are
  /// compared.
  std::vector<std::string> stocks;
  /// Time between two comparisons with the same flow file (WeChat Pay's settlement file).
  std::chrono::seconds flow_interval{43200};
  /// The appid of the users that COUPON.SEND notifications name. Empty: the service does not query
  /// the coupons of these users.
  std::string appid;
  /// File that lists further users who received a coupon, one user on each line; `coupon send`
  /// appends to it. Empty: there is no such file.
  std::filesystem::path issued_file;
  /// Time between two queries of the users' coupons.
  std::chrono::seconds poll_interval{1800};
  /// Time for which a user's coupons are queried, counted from the last coupon that the user
  /// received.
  std::chrono::hours recent{48};
  /// Largest number of users whose coupons are read in one round of queries.
  std::size_t max_users = 1000;
  /// Age that a missing event must reach before it is stored, because WeChat Pay may still send its
  /// notification.
  std::chrono::seconds settle{900};
  /// True: store missing events; false: only report missing events.
  bool apply = true;
  // Names of columns in flow files (WeChat Pay's settlement files), in addition to the usual names.
  // The `reconcile` command uses these names too.
  std::vector<wechatpay::FlowColumnNames> use_columns;
  std::vector<wechatpay::FlowColumnNames> refund_columns;

  [[nodiscard]] bool asks_for_users() const { return !appid.empty() || !issued_file.empty(); }
  [[nodiscard]] bool has_work() const { return !stocks.empty() || asks_for_users(); }
  [[nodiscard]] const std::vector<wechatpay::FlowColumnNames>& columns(
      wechatpay::FlowKind kind) const {
    return kind == wechatpay::FlowKind::kUse ? use_columns : refund_columns;
  }
};

/// Reads the [merchant.reconcile] table of the configuration. Reports each invalid value as a
/// problem of `section`.
/// \return the settings, with default values for keys that are missing or invalid.
[[nodiscard]] ReconcileConfig read_reconcile(Section section);

}  // namespace couponhook::server
