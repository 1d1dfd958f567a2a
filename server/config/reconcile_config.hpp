#pragma once

/// \file
/// The [merchant.reconcile] table of the configuration.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "wechatpay/flow_columns.hpp"

namespace couponhook::server {

class Section;

/// Settings of the comparisons with WeChat Pay's own records that `serve` makes by itself.
struct ReconcileConfig {
  std::vector<std::string> stocks;            ///< stocks whose flow files are compared
  std::chrono::seconds flow_interval{43200};  ///< time between two comparisons of one flow file
  /// The appid of the users in COUPON.SEND notifications; empty: these users are not polled.
  std::string appid;
  /// List of further users who received a coupon, one on each line; `coupon send` appends to it.
  /// Empty: none.
  std::filesystem::path issued_file;
  std::chrono::seconds poll_interval{1800};  ///< time between two polls of the users' coupons
  std::chrono::hours recent{48};             ///< time after an issue for which a user is polled
  std::size_t max_users = 1000;              ///< largest number of users in one poll
  std::chrono::seconds settle{900};          ///< younger events are not admitted, because WeChat
                                             ///< Pay may still notify them
  bool apply = true;                         ///< false: only report missing events
  // Column names in addition to the usual ones; the `reconcile` command uses them too.
  std::vector<wechatpay::FlowColumnNames> use_columns;
  std::vector<wechatpay::FlowColumnNames> refund_columns;

  [[nodiscard]] bool asks_for_users() const { return !appid.empty() || !issued_file.empty(); }
  [[nodiscard]] bool has_work() const { return !stocks.empty() || asks_for_users(); }
  [[nodiscard]] const std::vector<wechatpay::FlowColumnNames>& columns(
      wechatpay::FlowKind kind) const {
    return kind == wechatpay::FlowKind::kUse ? use_columns : refund_columns;
  }
};

/// Reads the table. Reports invalid values through the section.
[[nodiscard]] ReconcileConfig read_reconcile(Section section);

}  // namespace couponhook::server
