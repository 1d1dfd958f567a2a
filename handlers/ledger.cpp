#include "handlers/ledger.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "base/wechat_time.hpp"

namespace couponhook::handlers {
namespace {

using base::FactKind;

std::string join(std::string_view first, std::string_view second) {
  return std::string(first).append("/").append(second);
}

std::string time_or(std::string&& own, std::string_view create_time) {
  return own.empty() ? std::string(create_time) : std::move(own);
}

LedgerEntry entry_of(CouponIssued&& issued, std::string_view create_time) {
  std::string business_key = join(issued.stock_id, issued.coupon_code);
  return {FactKind::kIssue,
          std::move(issued.stock_id),
          std::move(issued.coupon_code),
          {},
          std::move(business_key),
          time_or(std::move(issued.send_time), create_time)};
}

LedgerEntry entry_of(CouponRedeemed&& redeemed, std::string_view create_time) {
  std::string business_key = join(redeemed.coupon_id, redeemed.transaction_id);
  return {FactKind::kRedeem,
          std::move(redeemed.stock_id),
          std::move(redeemed.coupon_id),
          std::move(redeemed.transaction_id),
          std::move(business_key),
          time_or(std::move(redeemed.consume_time), create_time)};
}

/// Longest number of a refund that the ledger keeps, in bytes; WeChat Pay documents 64 characters.
constexpr std::size_t kRefundNumberBytesMax = 128;

LedgerEntry entry_of(OrderRefunded&& refunded, std::string_view create_time) {
  if (refunded.out_refund_no.size() > kRefundNumberBytesMax) refunded.out_refund_no.clear();
  return {FactKind::kRefund,
          {},
          {},
          std::move(refunded.transaction_id),
          join(refunded.refund_id, to_string(refunded.status)),
          time_or(std::move(refunded.success_time), create_time),
          std::move(refunded.out_refund_no),
          refunded.amounts,
          std::move(refunded.shares)};
}

bool is_success(const LedgerEntry& entry) {
  return entry.kind == FactKind::kRefund && entry.business_key.ends_with("/SUCCESS");
}

/// The successful refunds of one payment.
struct PaymentRefunds {
  bool used_coupon = false;  ///< true if the coupon was used in the payment
  std::size_t refunds = 0;
  std::size_t without_amounts = 0;
  std::int64_t order_total = 0;
  std::int64_t refund = 0;
  std::int64_t payer_refund = 0;

  [[nodiscard]] bool is_complete() const { return without_amounts > 0 || refund >= order_total; }
};

/// Adds to a sum of money. A sum that would overflow stays at the largest number: that takes
/// millions of refunds of kFenMax each, which no honest sender makes.
void add_to(std::int64_t& sum, std::int64_t fen) {
  if (__builtin_add_overflow(sum, fen, &sum)) sum = std::numeric_limits<std::int64_t>::max();
}

using Payments = std::map<std::string_view, PaymentRefunds>;

/// Groups the redemptions and successful refunds of a coupon by payment. The keys of the result
/// point into `history`.
Payments payments_of(std::span<const LedgerEntry> history) {
  Payments payments;
  for (const LedgerEntry& entry : history) {
    if (entry.kind == FactKind::kIssue) continue;
    PaymentRefunds& payment = payments[entry.transaction_id];
    payment.used_coupon |= entry.kind == FactKind::kRedeem || !entry.shares.empty();
    if (!is_success(entry)) continue;
    ++payment.refunds;
    if (!entry.amounts) {
      ++payment.without_amounts;
      continue;
    }
    payment.order_total = std::max(payment.order_total, entry.amounts->total);
    add_to(payment.refund, entry.amounts->refund);
    add_to(payment.payer_refund, entry.amounts->payer_refund);
  }
  return payments;
}

}  // namespace

std::string_view to_string(CouponState state) {
  switch (state) {
    case CouponState::kIssued:
      return "issued";
    case CouponState::kRedeemed:
      return "redeemed";
    case CouponState::kRefunded:
      return "refunded";
    case CouponState::kPartlyRefunded:
      return "partly_refunded";
  }
  return "";
}

std::optional<LedgerEntry> ledger_entry(CouponEvent event, std::string_view create_time) {
  if (auto* issued = std::get_if<CouponIssued>(&event)) {
    return entry_of(std::move(*issued), create_time);
  }
  if (auto* redeemed = std::get_if<CouponRedeemed>(&event)) {
    return entry_of(std::move(*redeemed), create_time);
  }
  if (auto* refunded = std::get_if<OrderRefunded>(&event)) {
    return entry_of(std::move(*refunded), create_time);
  }
  return {};
}

CouponState derive_state(std::span<const LedgerEntry> history) {
  CouponState state = CouponState::kIssued;
  for (const auto& [transaction, payment] : payments_of(history)) {
    if (!payment.used_coupon) continue;
    if (payment.refunds == 0) return CouponState::kRedeemed;
    if (!payment.is_complete()) {
      state = CouponState::kPartlyRefunded;
    } else if (state == CouponState::kIssued) {
      state = CouponState::kRefunded;
    }
  }
  return state;
}

RefundSums sum_refunds(std::span<const LedgerEntry> history) {
  RefundSums sums;
  for (const auto& [transaction, payment] : payments_of(history)) {
    sums.refunds += payment.refunds;
    sums.without_amounts += payment.without_amounts;
    add_to(sums.order_total, payment.order_total);
    add_to(sums.refund, payment.refund);
    add_to(sums.payer_refund, payment.payer_refund);
  }
  std::int64_t share = 0;
  std::size_t shares = 0;
  for (const LedgerEntry& entry : history) {
    if (!is_success(entry) || entry.shares.empty()) continue;
    ++shares;
    add_to(share, entry.shares.front().refund_amount);
  }
  if (shares > 0 && shares == sums.refunds) sums.coupon_share = share;
  return sums;
}

bool precedes_in_history(const LedgerEntry& a, const LedgerEntry& b) {
  const auto time_a = base::parse_event_time(a.occurred_at);
  const auto time_b = base::parse_event_time(b.occurred_at);
  if (time_a.has_value() != time_b.has_value()) return time_a.has_value();
  if (time_a != time_b) return time_a < time_b;
  if (!time_a && a.occurred_at != b.occurred_at) return a.occurred_at < b.occurred_at;

  // Compare the text of the time only after all other fields, because the same time can be written
  // in several ways.
  const auto rank = [](const LedgerEntry& entry) {
    return std::tie(entry.kind, entry.business_key, entry.stock_id, entry.coupon,
                    entry.transaction_id, entry.occurred_at);
  };
  return rank(a) < rank(b);
}

}  // namespace couponhook::handlers
