#pragma once

/// \file
/// The files of use-flow and refund-flow, and the links that they are fetched by.

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "sandbox/books.hpp"

namespace couponhook::server::sandbox {

/// Every redemption of a stock: a byte order mark, a header line, a line for each with a backtick
/// before every value, and how many there are.
///
/// Source: the form of a file that a user of the API published (payment-spring-boot's
/// PaymentFavorTests); the columns are documented nowhere.
[[nodiscard]] std::string use_flow(const Books& books, const std::string& stock_id);

/// Every successful refund of a payment with a coupon of the stock. The form is that of use_flow();
/// that the refund's number, time and amount stand behind it is inferred.
[[nodiscard]] std::string refund_flow(const Books& books, const std::string& stock_id);

/// \return whether a stock's files are there: from 10:00 in Beijing on the day after it ended.
[[nodiscard]] bool has_flows(const Stock& stock, Time now);

/// Files that can be fetched for a while under a token. Not thread-safe.
class FlowLinks {
 public:
  explicit FlowLinks(std::chrono::seconds life) : life_(life) {}

  void add(const std::string& token, std::string content, Time now);
  /// \return null where there is none, or none any more.
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
