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

/// What `serve` compares with WeChat Pay's books by itself.
struct ReconcileConfig {
  std::vector<std::string> stocks;            ///< whose use flow and refund flow are compared
  std::chrono::seconds flow_interval{43200};  ///< from one look at a flow to the next
  /// Under which the users of COUPON.SEND notifications are asked for; empty: they are not.
  std::string appid;
  /// Who else was sent a coupon, a line each; `coupon send` adds to it. Empty: nobody.
  std::filesystem::path issued_file;
  std::chrono::seconds poll_interval{1800};  ///< from one look at these users' coupons to the next
  std::chrono::hours recent{48};             ///< how long after an issue a user is asked for
  std::size_t max_users = 1000;              ///< in one look
  std::chrono::seconds settle{900};          ///< what is younger may still be notified
  bool apply = true;                         ///< false: only tell
  // Names of columns besides the usual ones; for the command as well.
  std::vector<wechatpay::FlowColumnNames> use_columns;
  std::vector<wechatpay::FlowColumnNames> refund_columns;

  [[nodiscard]] bool asks_for_users() const { return !appid.empty() || !issued_file.empty(); }
  [[nodiscard]] bool has_work() const { return !stocks.empty() || asks_for_users(); }
  [[nodiscard]] const std::vector<wechatpay::FlowColumnNames>& columns(
      wechatpay::FlowKind kind) const {
    return kind == wechatpay::FlowKind::kUse ? use_columns : refund_columns;
  }
};

/// Reports through the section what will not do.
[[nodiscard]] ReconcileConfig read_reconcile(Section section);

}  // namespace couponhook::server
