#pragma once

/// \file
/// The ledger as a book, to be compared with somebody else's.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// Reads beside the writer, without waiting for it. One thread at a time.
class LedgerReader {
 public:
  using Facts = std::vector<LedgerFact>;
  template <typename T>
  using Result = Connection::Result<T>;

  explicit LedgerReader(std::unique_ptr<Connection> connection);

  /// One page of what is known of a stock's coupons, by coupon and business key.
  /// \param kind issue or redeem.
  /// \param after the last fact of the page before; null: from the beginning.
  /// \return fewer than `limit` at the end.
  [[nodiscard]] Result<Facts> facts_of_stock(std::string_view stock_id, std::string_view kind,
                                             const LedgerFact* after, std::int64_t limit);
  /// What is known of one coupon, without refunds.
  [[nodiscard]] Result<Facts> facts_of_coupon(std::string_view stock_id, std::string_view coupon);
  /// The refunds of these transactions.
  [[nodiscard]] Result<Facts> refunds(std::span<const std::string> transaction_ids);

 private:
  std::unique_ptr<Connection> connection_;
};

}  // namespace couponhook::storage
