#pragma once

/// \file
/// Makes flow files: CSV files with the redemptions (use-flow API) or the refunds (refund-flow API)
/// of a stock (batch of coupons). Also keeps their download links.

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "sandbox/coupon_records.hpp"

namespace couponhook::server::sandbox {

/// Returns a CSV file with every redemption of a stock (batch of coupons): a byte order mark, a
/// header line, one line for each redemption with a backtick (`) before every value, and the number
/// of redemptions.
///
/// Source of the columns: a use-flow file that a user of WeChat Pay's API published
/// (PaymentFavorTests in payment-spring-boot). WeChat Pay does not document the columns.
[[nodiscard]] std::string use_flow(const CouponRecords& records, const std::string& stock_id);

/// Returns a CSV file with every successful refund of payments with coupons of the stock, in the
/// same form as use_flow(). The last three columns (refund number, time, amount) are a guess: no
/// published source shows them.
[[nodiscard]] std::string refund_flow(const CouponRecords& records, const std::string& stock_id);

/// Returns true if the flow files (CSV files of redemptions and refunds) of the stock can be
/// downloaded: from 10:00 Beijing time on the day after the stock's last day, or after a request to
/// POST /sandbox/end.
[[nodiscard]] bool has_flows(const Stock& stock, Time now);

/// Flow files (CSV files of redemptions or refunds) that a client can download for a limited time.
/// Each download link contains a random token. Not thread-safe.
class FlowLinks {
 public:
  explicit FlowLinks(std::chrono::seconds life) : life_(life) {}

  void add(const std::string& token, std::string content, Time now);
  /// Returns the content of the flow file whose download link contains this token; null if the
  /// token is unknown or has expired.
  [[nodiscard]] const std::string* find(const std::string& token, Time now) const;

 private:
  struct Link {
    std::string content;
    Time until;
  };
  std::chrono::seconds life_;
  std::map<std::string, Link> links_;
};

}  // namespace couponhook::server::sandbox
