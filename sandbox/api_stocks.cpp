#include "base/wechat_time.hpp"
#include "sandbox/api.hpp"
#include "sandbox/fields.hpp"
#include "sandbox/local/beijing_time.hpp"
#include "sandbox/query.hpp"
#include "sandbox/stock_terms.hpp"

namespace couponhook::server::sandbox {
namespace {

std::string_view status_name(const Stock& stock, Time now) {
  if (stock.status != StockStatus::kUnactivated && now > stock.terms.available_until) {
    return "stoped";
  }
  switch (stock.status) {
    case StockStatus::kUnactivated:
      return "unactivated";
    case StockStatus::kRunning:
      return "running";
    case StockStatus::kPaused:
      return "paused";
    case StockStatus::kStopped:
      break;
  }
  return "stoped";  // WeChat Pay spells the status "stopped" like this
}

void write_use_rule(const StockTerms& terms, JsonWriter& json) {
  json.object("stock_use_rule")
      .field("max_coupons", terms.max_coupons)
      .field("max_amount", terms.max_amount);
  if (terms.max_amount_by_day != 0) json.field("max_amount_by_day", terms.max_amount_by_day);
  json.field("max_coupons_per_user", terms.max_coupons_per_user)
      .object("fixed_normal_coupon")
      .field("coupon_amount", terms.coupon_amount)
      .field("transaction_minimum", terms.transaction_minimum)
      .end()
      .field("coupon_type", "NORMAL")
      .texts("goods_tag", terms.goods_tags)
      .texts("trade_type", terms.trade_types)
      .field("combine_use", terms.combine_use)
      .end();
}

void write_stock(const Stock& stock, Time now, JsonWriter& json) {
  const StockTerms& terms = stock.terms;
  json.field("stock_id", stock.id)
      .field("stock_creator_mchid", stock.creator_mchid)
      .field("stock_name", terms.name)
      .field("status", status_name(stock, now))
      .field("create_time", beijing_time(stock.created_at))
      .field("description", terms.description);
  write_use_rule(terms, json);
  json.field("available_begin_time", beijing_time(terms.available_from))
      .field("available_end_time", beijing_time(terms.available_until))
      .field("distributed_coupons", stock.distributed)
      .field("no_cash", terms.no_cash);
  if (stock.started_at) json.field("start_time", beijing_time(*stock.started_at));
  if (stock.stopped_at) json.field("stop_time", beijing_time(*stock.stopped_at));
  json.field("singleitem", !terms.available_items.empty()).field("stock_type", "NORMAL");
}

Result<Answer> create(Platform& platform, const Call& call) {
  const auto body = read_body(call);
  if (!body) return body.error();
  const auto terms = read_stock_terms(body->value(), platform.images, call.now.wall);
  if (!terms) return terms.error();
  const auto stock = platform.records.create_stock(call.mchid, *terms, call.now.wall);
  if (!stock) return stock.error();
  return Answer{JsonWriter()
                    .field("stock_id", (*stock)->id)
                    .field("create_time", beijing_time((*stock)->created_at))
                    .take()};
}

/// Makes the function that answers requests to start, pause, restart or stop a stock (批次, a batch
/// of coupons).
/// \param time_name name of the field in the reply that contains the time of the change.
Handler changer(Platform& platform, StockChange change, const char* time_name) {
  return [&platform, change, time_name](const Call& call) -> Result<Answer> {
    const auto body = read_body(call);
    if (!body) return body.error();
    std::optional<ApiError> error;
    Fields fields(body->value(), "", error);
    const std::string creator = fields.text("stock_creator_mchid", 1, 20);
    if (error) return std::move(*error);
    if (creator != call.mchid) return blocked("调用商户无权限");
    const auto stock =
        platform.records.change_stock(change, call.path_parameters.front(), creator, call.now.wall);
    if (!stock) return stock.error();
    return Answer{JsonWriter()
                      .field(time_name, beijing_time(call.now.wall))
                      .field("stock_id", (*stock)->id)
                      .take()};
  };
}

/// Finds the stock (批次) of 代金券 whose id is in the path of the request.
/// \return the stock, or an error reply if there is no such stock or if another merchant created
///   it.
Result<const Stock*> find_stock(const Platform& platform, const Call& call, Query& query) {
  const std::string creator = query.text("stock_creator_mchid");
  if (query.error()) return *query.error();
  const Stock* stock = platform.records.find_stock(call.path_parameters.front());
  if (stock == nullptr || stock->product != Product::kFavor) return not_found("批次不存在");
  if (stock->creator_mchid != creator || creator != call.mchid) return blocked("调用商户无权限");
  return stock;
}

Result<Answer> show_stock(const Platform& platform, const Call& call) {
  Query query(call);
  const auto stock = find_stock(platform, call, query);
  if (!stock) return stock.error();
  JsonWriter json;
  write_stock(**stock, call.now.wall, json);
  return Answer{json.take()};
}

/// Reads a time from the query parameters of a request that lists stocks (批次): the earliest or
/// the latest creation time of the stocks to list. Returns `otherwise` if the query does not
/// contain this parameter.
Time read_time(Query& query, const char* name, Time otherwise) {
  const std::string text = query.optional_text(name);
  if (text.empty()) return otherwise;
  const auto time = base::parse_event_time(text);
  query.require(time.has_value(), "输入时间格式错误");
  return time ? std::chrono::floor<std::chrono::seconds>(*time) : otherwise;
}

Result<Answer> list_stocks(const Platform& platform, const Call& call) {
  Query query(call);
  const Page page = read_page(query, kOffsetMax, 10);
  const std::string creator = query.text("stock_creator_mchid");
  const std::string status = query.optional_text("status");
  const bool known = status.empty() || status == "unactivated" || status == "audit" ||
                     status == "running" || status == "stoped" || status == "paused";
  query.require(known, "非法的批次状态");
  const Time from = read_time(query, "create_start_time", Time::min());
  const Time until = read_time(query, "create_end_time", Time::max());
  if (query.error()) return *query.error();
  if (creator != call.mchid) return blocked("调用商户无权限");
  JsonWriter json;
  PageWriter data(page, json);
  platform.records.each_stock([&](const Stock& stock) {
    if (stock.product != Product::kFavor || stock.creator_mchid != creator) return;
    if (stock.created_at < from || stock.created_at > until) return;
    if (!status.empty() && status != status_name(stock, call.now.wall)) return;
    data.add([&](JsonWriter& item) {
      write_stock(stock, call.now.wall, item.object());
      item.end();
    });
  });
  data.end();
  return Answer{json.take()};
}

/// Makes the function that answers requests for one of the lists of a stock (批次): the merchants
/// that accept its coupons, or the goods that can be paid with its coupons.
Handler texts_of(const Platform& platform, std::vector<std::string> StockTerms::*texts,
                 std::int64_t offset_max, std::int64_t limit_max) {
  return [&platform, texts, offset_max, limit_max](const Call& call) -> Result<Answer> {
    Query query(call);
    const Page page = read_page(query, offset_max, limit_max);
    const auto stock = find_stock(platform, call, query);
    if (!stock) return stock.error();
    JsonWriter json;
    PageWriter data(page, json);
    for (const std::string& text : (*stock)->terms.*texts) {
      data.add([&](JsonWriter& item) { item.text(text); });
    }
    data.end();
    return Answer{json.field("stock_id", (*stock)->id).take()};
  };
}

}  // namespace

void add_stock_routes(Routes& routes, Platform& platform) {
  routes.add("POST", "/v3/marketing/favor/coupon-stocks",
             [&platform](const Call& call) { return create(platform, call); });
  routes.add("POST", "/v3/marketing/favor/stocks/*/start",
             changer(platform, StockChange::kStart, "start_time"));
  routes.add("POST", "/v3/marketing/favor/stocks/*/pause",
             changer(platform, StockChange::kPause, "pause_time"));
  routes.add("POST", "/v3/marketing/favor/stocks/*/restart",
             changer(platform, StockChange::kRestart, "restart_time"));
  routes.add("POST", "/v3/marketing/favor/stocks/*/stop",
             changer(platform, StockChange::kStop, "stop_time"));
  routes.add("GET", "/v3/marketing/favor/stocks",
             [&platform](const Call& call) { return list_stocks(platform, call); });
  routes.add("GET", "/v3/marketing/favor/stocks/*",
             [&platform](const Call& call) { return show_stock(platform, call); });
  routes.add("GET", "/v3/marketing/favor/stocks/*/merchants",
             texts_of(platform, &StockTerms::available_merchants, 1000, 50));
  routes.add("GET", "/v3/marketing/favor/stocks/*/items",
             texts_of(platform, &StockTerms::available_items, 500, 100));
}

}  // namespace couponhook::server::sandbox
