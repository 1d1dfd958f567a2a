#pragma once

/// \file
/// Running a stock of favor coupons: start, pause, restart, and looking at it.
///
/// Source: wechatpay-protocol section 6.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/page.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

/// A stock and the merchant that created it: both name it in every call.
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
  std::string time;  ///< start_time, pause_time or restart_time
};
[[nodiscard]] ApiResult<StockSwitched> parse_stock_switched(Api api, std::string_view body);

struct Stock {
  std::string stock_id;
  std::string stock_creator_mchid;
  std::string stock_name;
  std::string status;  ///< unactivated, audit, running, stoped (sic), paused
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
  std::optional<std::int64_t> max_coupons;           ///< stock_use_rule
  std::optional<std::int64_t> max_amount;            ///< stock_use_rule, fen
  std::optional<std::int64_t> max_coupons_per_user;  ///< stock_use_rule
  std::optional<std::int64_t> coupon_amount;         ///< stock_use_rule.fixed_normal_coupon, fen
  std::optional<std::int64_t> transaction_minimum;   ///< likewise
};

[[nodiscard]] ApiRequest show_stock_request(const StockName& name);
[[nodiscard]] ApiResult<Stock> parse_stock(std::string_view body);

struct StockQuery {
  std::string stock_creator_mchid;
  PageRequest page{0, 10};        ///< at most 10 at a time; the offset counts pages
  std::string create_start_time;  ///< RFC 3339; empty: any
  std::string create_end_time;
  std::string status;  ///< see Stock::status; empty: any
};
[[nodiscard]] std::vector<RuleViolation> violations(const StockQuery& query);
[[nodiscard]] ApiRequest list_stocks_request(const StockQuery& query);
[[nodiscard]] ApiResult<Page<Stock>> parse_stocks(std::string_view body);

/// Merchants where, or goods on which, the coupons can be used.
struct StockMembersQuery {
  StockName name;
  PageRequest page{0, 50};  ///< offset at most 1000, limit at most 50
};
[[nodiscard]] std::vector<RuleViolation> violations(const StockMembersQuery& query);
[[nodiscard]] ApiRequest list_stock_merchants_request(const StockMembersQuery& query);
[[nodiscard]] ApiRequest list_stock_items_request(const StockMembersQuery& query);
[[nodiscard]] ApiResult<Page<std::string>> parse_stock_members(Api api, std::string_view body);

}  // namespace couponhook::wechatpay
