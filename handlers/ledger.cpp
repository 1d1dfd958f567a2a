#include "handlers/ledger.hpp"

#include <algorithm>
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

LedgerEntry entry_of(OrderRefunded&& refunded, std::string_view create_time) {
  return {FactKind::kRefund,
          {},
          {},
          std::move(refunded.transaction_id),
          join(refunded.refund_id, to_string(refunded.status)),
          time_or(std::move(refunded.success_time), create_time)};
}

bool is_success(const LedgerEntry& entry) {
  return entry.kind == FactKind::kRefund && entry.business_key.ends_with("/SUCCESS");
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
  const auto is_refunded = [&](const LedgerEntry& redemption) {
    return std::any_of(history.begin(), history.end(), [&](const LedgerEntry& entry) {
      return is_success(entry) && entry.transaction_id == redemption.transaction_id;
    });
  };
  CouponState state = CouponState::kIssued;
  for (const LedgerEntry& entry : history) {
    if (entry.kind != FactKind::kRedeem) continue;
    if (!is_refunded(entry)) return CouponState::kRedeemed;
    state = CouponState::kRefunded;
  }
  return state;
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
