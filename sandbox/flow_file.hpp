#pragma once

/// \file
/// Makes the CSV files of the use-flow and refund-flow APIs, and keeps their download links.

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "sandbox/books.hpp"

namespace couponhook::server::sandbox {

/// Lists every redemption of a stock as CSV: a byte order mark, a header line, one line for each
/// redemption with a backtick before every value, and the number of redemptions.
///
/// Source: a flow file that a user of the API published (PaymentFavorTests in payment-spring-boot).
/// WeChat Pay does not document the columns.
[[nodiscard]] std::string use_flow(const Books& books, const std::string& stock_id);

/// Lists every successful refund of payments with a coupon of the stock. The form is that of
/// use_flow(). The three columns at the end (refund number, time, amount) are inferred: no source
/// shows them.
[[nodiscard]] std::string refund_flow(const Books& books, const std::string& stock_id);

/// \return true if the stock's flow files can be downloaded: from 10:00 Beijing time on the day
/// after the stock's last day, or after POST /sandbox/end.
[[nodiscard]] bool has_flows(const Stock& stock, Time now);

/// Flow files that a client can download with a token for a limited time. Not thread-safe.
class FlowLinks {
 public:
  explicit FlowLinks(std::chrono::seconds life) : life_(life) {}

  void add(const std::string& token, std::string content, Time now);
  /// \return null if the token is unknown or has expired.
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
