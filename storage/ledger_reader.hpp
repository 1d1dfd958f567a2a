#pragma once

/// \file
/// Reads the coupon ledger (coupons issued, redeemed and refunded), to compare it with WeChat Pay's
/// own records.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// Reads the coupon ledger without waiting for connections that write. Only one thread at a time
/// may use an object.
class LedgerReader {
 public:
  using Facts = std::vector<LedgerFact>;
  template <typename T>
  using Result = Connection::Result<T>;

  explicit LedgerReader(std::unique_ptr<Connection> connection);

  /// Reads one page of ledger facts about the coupons of one stock (a batch of coupons, identified
  /// by stock_id), ordered by coupon and business key.
  /// \param kind kind of fact to read: "issue" (issuing of a coupon) or "redeem".
  /// \param after the last fact of the previous page; null for the first page.
  /// \return the facts; fewer than `limit` on the last page.
  [[nodiscard]] Result<Facts> facts_of_stock(std::string_view stock_id, std::string_view kind,
                                             const LedgerFact* after, std::int64_t limit);
  /// Reads the ledger facts of one coupon (its issuing and its redemptions, but not its refunds).
  [[nodiscard]] Result<Facts> facts_of_coupon(std::string_view stock_id, std::string_view coupon);
  /// Reads from the coupon ledger the refunds of one payment transaction, with the shares of
  /// coupons.
  [[nodiscard]] Result<Facts> refunds_with_shares(std::string_view transaction_id);
  /// Reads from the coupon ledger the refunds of the payment transactions with these ids, without
  /// the shares of coupons.
  [[nodiscard]] Result<Facts> refunds(std::span<const std::string> transaction_ids);

 private:
  std::unique_ptr<Connection> connection_;
};

}  // namespace couponhook::storage
