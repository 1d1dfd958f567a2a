#pragma once

/// \file
/// Data types of the records of the simulated WeChat Pay: stocks (batches of coupons, 批次),
/// coupons, payments and refunds. All amounts are in fen (分).

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace couponhook::server::sandbox {

using Time = std::chrono::sys_seconds;

enum class Product : std::uint8_t {
  kFavor,      ///< 代金券: WeChat Pay sends a notification when a user redeems the coupon
  kBusifavor,  ///< 商家券: WeChat Pay sends a notification when a user receives the coupon
};

enum class StockStatus : std::uint8_t { kUnactivated, kRunning, kPaused, kStopped };

/// Settings of a stock (批次, a batch of coupons), given by the merchant that creates the stock.
/// Amounts are in fen (分).
struct StockTerms {
  std::string out_request_no;
  std::string name;
  std::string comment;
  std::string belong_merchant;
  std::string description;
  std::string merchant_logo;  ///< URL of an uploaded image; empty if there is none
  std::string coupon_image;   ///< URL of an uploaded image; empty if there is none
  Time available_from;
  Time available_until;
  std::int64_t max_coupons = 0;
  std::int64_t max_amount = 0;
  /// Budget of the stock (批次) for one day, in fen (分); 0: no limit.
  std::int64_t max_amount_by_day = 0;
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
  /// True if POST /sandbox/end was called, so that the stock's flow files (CSV files of redemptions
  /// and refunds) can already be downloaded.
  bool flows_open = false;
};

struct Coupon {
  std::string id;  ///< id of the coupon: coupon_id of a 代金券, or code of a 商家券
  std::string stock_id;
  std::string openid;
  std::string appid;
  std::string sender_mchid;
  std::string out_request_no;
  std::string channel;  ///< way in which the user received the coupon; empty for 代金券
  Time received_at;
  /// Id of the payment in which the coupon was redeemed; empty if the coupon was not redeemed.
  std::string transaction_id;
};

struct GoodsItem {
  std::string id;
  std::int64_t quantity = 1;
  std::int64_t price = 0;
  std::int64_t discount = 0;
};

/// A payment in which a user redeemed a coupon.
struct Transaction {
  std::string id;
  std::string out_trade_no;
  std::string mchid;  ///< merchant number (mchid) of the merchant that received the payment
  std::string stock_id;
  std::string coupon_id;
  Time paid_at;
  std::int64_t total = 0;
  std::int64_t discount = 0;  ///< part of the payment's total that the coupon paid, in fen (分)
  std::int64_t refunded = 0;  ///< sum of the successful refunds, in fen (分)
  std::int64_t payer_refunded = 0;  ///< part of `refunded` that the payer got back
  std::vector<GoodsItem> goods;
};

struct Refund {
  std::string id;
  std::string out_refund_no;
  std::string transaction_id;
  std::string status;  ///< result of the refund: SUCCESS, ABNORMAL or CLOSED
  Time at;
  std::int64_t amount = 0;
  /// Part of the refunded amount that the payer gets back, in fen (分). The share that the coupon
  /// had paid is not included.
  std::int64_t payer_amount = 0;
};

}  // namespace couponhook::server::sandbox
