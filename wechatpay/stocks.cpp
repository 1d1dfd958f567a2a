#include "wechatpay/stocks.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_writer.hpp"
#include "base/url.hpp"
#include "base/wechat_time.hpp"
#include "wechatpay/json_view.hpp"
#include "wechatpay/page_reader.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr std::string_view kStocks = "/v3/marketing/favor/stocks";
constexpr std::array<std::string_view, 6> kStatuses = {"",        "unactivated", "audit",
                                                       "running", "stoped",      "paused"};

ApiRequest switch_request(Api api, std::string_view verb, const StockName& name) {
  base::TargetBuilder target(kStocks);
  target.segment(name.stock_id).segment(verb);
  base::JsonWriter body;
  body.begin();
  body.text("stock_creator_mchid", name.stock_creator_mchid);
  return {api, "POST", std::move(target).text(), body.end().take()};
}

ApiRequest members_request(Api api, std::string_view what, const StockMembersQuery& query) {
  base::TargetBuilder target(kStocks);
  target.segment(query.name.stock_id)
      .segment(what)
      .query("offset", query.page.offset)
      .query("limit", query.page.limit)
      .query("stock_creator_mchid", query.name.stock_creator_mchid);
  return {api, "GET", std::move(target).text(), {}};
}

void check_name(Rules& rules, const StockName& name) {
  rules.check(is_number(name.stock_id), "stock_id", "must be a number of up to 20 digits");
  rules.check(is_number(name.stock_creator_mchid), "stock_creator_mchid",
              "must be the merchant number of the stock's creator");
}

Stock read_stock(const JsonView& json) {
  const JsonView use_rule = json.object("stock_use_rule");
  const JsonView coupon = use_rule.object("fixed_normal_coupon");
  Stock stock;
  stock.stock_id = json.text("stock_id");
  stock.stock_creator_mchid = json.text("stock_creator_mchid");
  stock.stock_name = json.text("stock_name");
  stock.status = json.text("status");
  stock.stock_type = json.text("stock_type");
  stock.description = json.text("description");
  stock.create_time = json.text("create_time");
  stock.start_time = json.text("start_time");
  stock.stop_time = json.text("stop_time");
  stock.available_begin_time = json.text("available_begin_time");
  stock.available_end_time = json.text("available_end_time");
  stock.no_cash = json.boolean("no_cash");
  stock.singleitem = json.boolean("singleitem");
  stock.distributed_coupons = json.number("distributed_coupons").value_or(0);
  stock.max_coupons = use_rule.number("max_coupons");
  stock.max_amount = use_rule.number("max_amount");
  stock.max_coupons_per_user = use_rule.number("max_coupons_per_user");
  stock.coupon_amount = coupon.number("coupon_amount");
  stock.transaction_minimum = coupon.number("transaction_minimum");
  return stock;
}

}  // namespace

std::vector<RuleViolation> violations(const StockName& name) {
  Rules rules;
  check_name(rules, name);
  return std::move(rules).take();
}

ApiRequest start_stock_request(const StockName& name) {
  return switch_request(Api::kStockStart, "start", name);
}

ApiRequest pause_stock_request(const StockName& name) {
  return switch_request(Api::kStockPause, "pause", name);
}

ApiRequest restart_stock_request(const StockName& name) {
  return switch_request(Api::kStockRestart, "restart", name);
}

ApiResult<StockSwitched> parse_stock_switched(Api api, std::string_view body) {
  const auto json = JsonText::parse(body);
  if (!json) return unreadable(api, "JSON object");
  const JsonView root = json->root();
  StockSwitched switched{root.text("stock_id"), {}};
  for (const char* name : {"start_time", "pause_time", "restart_time"}) {
    if (switched.time.empty()) switched.time = root.text(name);
  }
  if (switched.stock_id.empty()) return unreadable(api, "stock_id");
  return switched;
}

ApiRequest show_stock_request(const StockName& name) {
  base::TargetBuilder target(kStocks);
  target.segment(name.stock_id).query("stock_creator_mchid", name.stock_creator_mchid);
  return {Api::kStockShow, "GET", std::move(target).text(), {}};
}

ApiResult<Stock> parse_stock(std::string_view body) {
  const auto json = JsonText::parse(body);
  if (!json) return unreadable(Api::kStockShow, "JSON object");
  Stock stock = read_stock(json->root());
  if (stock.stock_id.empty()) return unreadable(Api::kStockShow, "stock_id");
  return stock;
}

std::vector<RuleViolation> violations(const StockQuery& query) {
  Rules rules;
  rules.check(is_number(query.stock_creator_mchid), "stock_creator_mchid",
              "must be a merchant number");
  check_page(rules, query.page, kOffsetMax, 10);
  const auto check_time = [&](const std::string& time, std::string_view field) {
    rules.check(time.empty() || base::parse_wechat_time(time), field,
                "must be a time such as 2026-05-20T13:29:35+08:00");
  };
  check_time(query.create_start_time, "create_start_time");
  check_time(query.create_end_time, "create_end_time");
  rules.check(std::find(kStatuses.begin(), kStatuses.end(), query.status) != kStatuses.end(),
              "status", "must be unactivated, audit, running, stoped or paused");
  return std::move(rules).take();
}

ApiRequest list_stocks_request(const StockQuery& query) {
  base::TargetBuilder target(kStocks);
  target.query("offset", query.page.offset)
      .query("limit", query.page.limit)
      .query("stock_creator_mchid", query.stock_creator_mchid)
      .query("create_start_time", query.create_start_time)
      .query("create_end_time", query.create_end_time)
      .query("status", query.status);
  return {Api::kStockList, "GET", std::move(target).text(), {}};
}

ApiResult<Page<Stock>> parse_stocks(std::string_view body) {
  return read_page(Api::kStockList, body, read_stock);
}

std::vector<RuleViolation> violations(const StockMembersQuery& query) {
  Rules rules;
  check_name(rules, query.name);
  check_page(rules, query.page, 1000, 50);
  return std::move(rules).take();
}

ApiRequest list_stock_merchants_request(const StockMembersQuery& query) {
  return members_request(Api::kStockMerchants, "merchants", query);
}

ApiRequest list_stock_items_request(const StockMembersQuery& query) {
  return members_request(Api::kStockItems, "items", query);
}

ApiResult<Page<std::string>> parse_stock_members(Api api, std::string_view body) {
  return read_page(api, body, [](const JsonView& element) { return element.text(); });
}

}  // namespace couponhook::wechatpay
