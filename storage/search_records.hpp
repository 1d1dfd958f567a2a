#pragma once

/// \file
/// Requests and results of the search, see Reader::search().

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/records.hpp"

namespace couponhook::storage {

/// Position in the list of a stock's ledger facts, from which the next page of a search continues.
struct StockPosition {
  std::string coupon;
  std::string kind;
  std::string business_key;
};

/// A search for everything that belongs to one identifier. Give either `text` or `openid_digest`.
struct SearchRequest {
  /// Id of a notification, stock, payment (transaction) or refund, id or code of a coupon, or
  /// "STOCK/COUPON". All kinds are tried; a coupon without its stock only if nothing else is found.
  std::string text;
  std::optional<OpenidDigest> openid_digest;
  /// Largest number of results on one page of a stock or of a user. The other kinds of identifiers
  /// have at most 50 results.
  std::int64_t limit = 20;
  // Positions for the next page; the other kinds of results are then left out.
  std::optional<StockPosition> after;           ///< the page has only later facts of the stock
  std::optional<std::int64_t> before_sequence;  ///< only older notifications of the user
};

/// Name of the kind of identifier by which a search found something.
namespace matched {
inline constexpr std::string_view kNotification = "notification_id";
inline constexpr std::string_view kCoupon = "coupon";
inline constexpr std::string_view kStock = "stock_id";
inline constexpr std::string_view kTransaction = "transaction_id";
inline constexpr std::string_view kRefund = "refund_id";
inline constexpr std::string_view kOpenid = "openid";
}  // namespace matched

/// A notification that a search has found by its own id, or by the openid in its content.
struct FoundNotification {
  std::string_view matched;  ///< one of the constants in namespace matched
  NotificationRecord record;
};

/// A fact of the coupon ledger that a search has found.
struct FoundFact {
  std::string_view matched;  ///< one of the constants in namespace matched
  LedgerRecord record;
};

/// Result of a search. The facts name further notifications.
struct SearchHits {
  std::vector<FoundNotification> notifications;  ///< with content and deliveries, newest first
  std::vector<FoundFact> facts;
  /// Ledger facts of the payments whose refunds were found: they name the coupons of these
  /// payments.
  std::vector<LedgerRecord> facts_of_payments;
  bool more = false;  ///< true if there are more results than the limit, and no position for them
  std::optional<StockPosition> next_after;
  std::optional<std::int64_t> next_before_sequence;
};

/// Identity of a stored notification, and of a coupon.
struct NotificationKey {
  std::string id;
  std::string mchid;
};
struct CouponKey {
  std::string stock_id;
  std::string coupon;
};

}  // namespace couponhook::storage
