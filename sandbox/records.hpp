#pragma once

/// \file
/// What the sandbox's books consist of.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace couponhook::server::sandbox {

using Time = std::chrono::sys_seconds;

enum class Product : std::uint8_t {
  kFavor,      ///< 代金券: redemptions are notified
  kBusifavor,  ///< 商家券: issues are notified
};

enum class StockStatus : std::uint8_t { kUnactivated, kRunning, kPaused, kStopped };

/// What a merchant asks for when it creates a stock. Amounts are in fen.
struct StockTerms {
  std::string out_request_no;
  std::string name;
  std::string comment;
  std::string belong_merchant;
  std::string description;
  Time available_from;
  Time available_until;
  std::int64_t max_coupons = 0;
  std::int64_t max_amount = 0;
  std::int64_t max_amount_by_day = 0;  ///< 0: no limit
  std::int64_t max_coupons_per_user = 0;
  std::int64_t coupon_amount = 0;
  std::int64_t transaction_minimum = 0;
  bool no_cash = false;
  bool combine_use = false;
  std::vector<std::string> available_merchants;
  std::vector<std::string> available_items;
  std::vector<std::string> goods_tags;
  std::vector<std::string> trade_types;

  friend bool operator==(const StockTerms&, const StockTerms&) = default;
};

struct Stock {
  std::string id;
  Product product = Product::kFavor;
  std::string creator_mchid;
  StockTerms terms;
  StockStatus status = StockStatus::kUnactivated;
  Time created_at;
  std::optional<Time> started_at;
  std::optional<Time> stopped_at;
  std::int64_t distributed = 0;
  bool flows_open = false;  ///< before their time, because somebody asked for it
};

struct Coupon {
  std::string id;  ///< of a 商家券: its code
  std::string stock_id;
  std::string openid;
  std::string appid;
  std::string sender_mchid;
  std::string out_request_no;
  std::string channel;  ///< of a 商家券: how it reached the user
  Time received_at;
  std::string transaction_id;  ///< where it was redeemed; empty before
};

struct GoodsItem {
  std::string id;
  std::int64_t quantity = 1;
  std::int64_t price = 0;
  std::int64_t discount = 0;
};

/// A payment with a coupon.
struct Transaction {
  std::string id;
  std::string out_trade_no;
  std::string mchid;  ///< where it was paid
  std::string stock_id;
  std::string coupon_id;
  Time paid_at;
  std::int64_t total = 0;
  std::int64_t discount = 0;  ///< what the coupon paid
  std::int64_t refunded = 0;
  std::vector<GoodsItem> goods;
};

struct Refund {
  std::string id;
  std::string out_refund_no;
  std::string transaction_id;
  std::string status;  ///< SUCCESS, ABNORMAL or CLOSED
  Time at;
  std::int64_t amount = 0;
  std::int64_t payer_amount = 0;  ///< without the coupon's part
};

}  // namespace couponhook::server::sandbox
