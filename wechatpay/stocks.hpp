#pragma once

/// \file
/// API requests for stocks (batches) of favor coupons (代金券批次): start, pause and restart a
/// stock, query one stock, and list stocks.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/page.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

/// The id of a stock (batch of coupons) and the merchant that created the stock. The API requests
/// in this file need both.
struct StockName {
  std::string stock_id;
  std::string stock_creator_mchid;
};

[[nodiscard]] std::vector<RuleViolation> violations(const StockName& name);

[[nodiscard]] ApiRequest start_stock_request(const StockName& name);
[[nodiscard]] ApiRequest pause_stock_request(const StockName& name);
[[nodiscard]] ApiRequest restart_stock_request(const StockName& name);

struct StockSwitched {
  std::string stock_id;
  /// Time at which the stock was started, paused or restarted: start_time, pause_time or
  /// restart_time in WeChat Pay's reply.
  std::string time;
};
[[nodiscard]] ApiResult<StockSwitched> parse_stock_switched(Api api, std::string_view body);

struct Stock {
  std::string stock_id;
  std::string stock_creator_mchid;
  std::string stock_name;
  /// State of the stock (batch of coupons), as WeChat Pay spells it: unactivated, audit, running,
  /// stoped, paused.
  std::string status;
  std::string stock_type;
  std::string description;
  std::string create_time;
  std::string start_time;
  std::string stop_time;
  std::string available_begin_time;
  std::string available_end_time;
  bool no_cash = false;
  bool singleitem = false;
  std::int64_t distributed_coupons = 0;
  /// Largest number of coupons in the stock (member of the JSON object stock_use_rule).
  std::optional<std::int64_t> max_coupons;
  /// Budget of the stock (batch of coupons) in fen (member of the JSON object stock_use_rule).
  std::optional<std::int64_t> max_amount;
  /// Largest number of coupons of the stock that one user can get (member of the JSON object
  /// stock_use_rule).
  std::optional<std::int64_t> max_coupons_per_user;
  /// Value of a coupon in fen (member of the JSON object fixed_normal_coupon).
  std::optional<std::int64_t> coupon_amount;
  /// Smallest payment for which a coupon can be used, in fen (member of the JSON object
  /// fixed_normal_coupon).
  std::optional<std::int64_t> transaction_minimum;
};

[[nodiscard]] ApiRequest show_stock_request(const StockName& name);
[[nodiscard]] ApiResult<Stock> parse_stock(std::string_view body);

struct StockQuery {
  std::string stock_creator_mchid;
  PageRequest page{0, 10};  ///< page of the list of stocks to request; page size at most 10
  /// List only stocks created at this time (RFC 3339) or later; empty: no limit.
  std::string create_start_time;
  std::string create_end_time;
  std::string status;  ///< state of the stocks to list, as in Stock::status; empty: all states
};
[[nodiscard]] std::vector<RuleViolation> violations(const StockQuery& query);
[[nodiscard]] ApiRequest list_stocks_request(const StockQuery& query);
[[nodiscard]] ApiResult<Page<Stock>> parse_stocks(std::string_view body);

/// Query for lists that belong to a stock (batch of coupons): the merchants at which its coupons
/// can be used, or the goods for which its coupons can be used.
struct StockMembersQuery {
  StockName name;
  /// Page of the list to request: page number at most 1000, page size at most 50.
  PageRequest page{0, 50};
};
[[nodiscard]] std::vector<RuleViolation> violations(const StockMembersQuery& query);
[[nodiscard]] ApiRequest list_stock_merchants_request(const StockMembersQuery& query);
[[nodiscard]] ApiRequest list_stock_items_request(const StockMembersQuery& query);
[[nodiscard]] ApiResult<Page<std::string>> parse_stock_members(Api api, std::string_view body);

}  // namespace couponhook::wechatpay
