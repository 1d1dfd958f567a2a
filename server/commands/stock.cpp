#include <algorithm>
#include <ostream>

#include "server/commands/outbound.hpp"
#include "server/commands/table.hpp"
#include "wechatpay/new_stock.hpp"
#include "wechatpay/stocks.hpp"

namespace couponhook::server {
namespace {

using wechatpay::Api;
using wechatpay::ApiRequest;
using wechatpay::Stock;
using wechatpay::StockName;

struct StockOptions {
  std::filesystem::path file = "-";
  std::string stock;
  std::string creator;
  wechatpay::StockQuery query{};
  wechatpay::PageRequest members = wechatpay::StockMembersQuery{}.page;
  bool json = false;

  [[nodiscard]] StockName name(const std::string& mchid) const {
    return {stock, creator.empty() ? mchid : creator};
  }
};

std::string number(std::optional<std::int64_t> value) {
  return value ? std::to_string(*value) : std::string();
}

void show(const Stock& stock, std::ostream& out) {
  print_facts({{"stock_id", stock.stock_id},
               {"stock_name", stock.stock_name},
               {"status", stock.status},
               {"stock_type", stock.stock_type},
               {"stock_creator_mchid", stock.stock_creator_mchid},
               {"create_time", stock.create_time},
               {"start_time", stock.start_time},
               {"stop_time", stock.stop_time},
               {"available_begin_time", stock.available_begin_time},
               {"available_end_time", stock.available_end_time},
               {"distributed_coupons", std::to_string(stock.distributed_coupons)},
               {"max_coupons", number(stock.max_coupons)},
               {"max_amount", number(stock.max_amount)},
               {"max_coupons_per_user", number(stock.max_coupons_per_user)},
               {"coupon_amount", number(stock.coupon_amount)},
               {"transaction_minimum", number(stock.transaction_minimum)},
               {"description", stock.description}},
              out);
}

/// Creates a stock (coupon batch). The rules are checked before the configuration is loaded, so
/// that a body that breaks a rule is reported even without a configuration.
Exit create(const StockOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  const auto body = read_body(chosen.file, runtime);
  if (!body) return Exit::kUsage;
  const auto checked =
      wechatpay::check_stock(*body, std::chrono::floor<std::chrono::seconds>(runtime.clock()));
  if (!checked.violations.empty()) return refuse(runtime, "stock create", checked.violations);
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  return call_and_print(
      *outbound, runtime, wechatpay::create_stock_request(checked.stock), chosen.json,
      wechatpay::parse_created_stock, [&](const wechatpay::CreatedStock& created) {
        print_facts({{"stock_id", created.stock_id}, {"create_time", created.create_time}},
                    runtime.out);
      });
}

using MakeRequest = ApiRequest (*)(const StockName&);

Exit switch_stock(MakeRequest make, std::string_view command, const StockOptions& chosen,
                  const CommonOptions& common, Runtime& runtime) {
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  const StockName name = chosen.name(outbound->mchid);
  const auto broken = wechatpay::violations(name);
  if (!broken.empty()) return refuse(runtime, command, broken);
  const ApiRequest request = make(name);
  return call_and_print(
      *outbound, runtime, request, chosen.json,
      [&](std::string_view body) { return wechatpay::parse_stock_switched(request.api, body); },
      [&](const wechatpay::StockSwitched& switched) {
        print_facts({{"stock_id", switched.stock_id}, {"time", switched.time}}, runtime.out);
      });
}

Exit show_one(const StockOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  const StockName name = chosen.name(outbound->mchid);
  const auto broken = wechatpay::violations(name);
  if (!broken.empty()) return refuse(runtime, "stock show", broken);
  return call_and_print(*outbound, runtime, wechatpay::show_stock_request(name), chosen.json,
                        wechatpay::parse_stock,
                        [&](const Stock& stock) { show(stock, runtime.out); });
}

Exit list(const StockOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  wechatpay::StockQuery query = chosen.query;
  query.stock_creator_mchid = chosen.name(outbound->mchid).stock_creator_mchid;
  const auto broken = wechatpay::violations(query);
  if (!broken.empty()) return refuse(runtime, "stock list", broken);
  return call_and_print(
      *outbound, runtime, wechatpay::list_stocks_request(query), chosen.json,
      wechatpay::parse_stocks, [&](const wechatpay::Page<Stock>& page) {
        Table table{"stock_id", "status", "distributed", "max", "ends", "name"};
        for (const Stock& stock : page.items) {
          table.add({stock.stock_id, stock.status, std::to_string(stock.distributed_coupons),
                     number(stock.max_coupons), stock.available_end_time, stock.stock_name});
        }
        table.print(runtime.out);
        print_more(page, query.page, runtime.out);
      });
}

using MakeMembersRequest = ApiRequest (*)(const wechatpay::StockMembersQuery&);

Exit list_members(MakeMembersRequest make, std::string_view command, const StockOptions& chosen,
                  const CommonOptions& common, Runtime& runtime) {
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  const wechatpay::StockMembersQuery query{chosen.name(outbound->mchid), chosen.members};
  const auto broken = wechatpay::violations(query);
  if (!broken.empty()) return refuse(runtime, command, broken);
  const ApiRequest request = make(query);
  return call_and_print(
      *outbound, runtime, request, chosen.json,
      [&](std::string_view body) { return wechatpay::parse_stock_members(request.api, body); },
      [&](const wechatpay::Page<std::string>& page) {
        for (const std::string& member : page.items) runtime.out << member << '\n';
        print_more(page, query.page, runtime.out);
      });
}

/// Declares the commands whose first word is `stock`.
class StockGroup {
 public:
  StockGroup(CommandLine& line, CommonOptions& common, Runtime& runtime)
      : group_(line.group("stock", "Stocks of favor coupons (代金券批次)")),
        common_(common),
        runtime_(runtime) {}

  void declare_create() {
    Options options =
        group_.add("create", "Create a stock; nothing is sent if the request breaks a rule",
                   [chosen = chosen_, &common = common_, &runtime = runtime_] {
                     return create(*chosen, common, runtime);
                   });
    add_merchant_options(options, common_);
    options.path("FILE", chosen_->file, "The request as JSON; \"-\": standard input");
    options.flag("--json", chosen_->json, "Print WeChat Pay's reply (JSON) unchanged");
    options.epilogue(
        "In pattern_info, merchant_logo and coupon_image are URLs that `couponhook image upload` "
        "printed.");
  }

  void declare_switch(const std::string& name, const std::string& description, MakeRequest make) {
    Options options = group_.add(
        name, description, [make, name, chosen = chosen_, &common = common_, &runtime = runtime_] {
          return switch_stock(make, "stock " + name, *chosen, common, runtime);
        });
    add_stock(options);
  }

  void declare_show() {
    Options options = group_.add("show", "Show a stock",
                                 [chosen = chosen_, &common = common_, &runtime = runtime_] {
                                   return show_one(*chosen, common, runtime);
                                 });
    add_stock(options);
  }

  void declare_list() {
    Options options = group_.add("list", "List stocks",
                                 [chosen = chosen_, &common = common_, &runtime = runtime_] {
                                   return list(*chosen, common, runtime);
                                 });
    add_shared(options);
    wechatpay::StockQuery& query = chosen_->query;
    options.text("--status", query.status, "unactivated, audit, running, stoped (sic) or paused");
    options.text("--since", query.create_start_time, "Created at or after: RFC 3339");
    options.text("--until", query.create_end_time, "Created before");
    add_page_options(options, query.page, 10);
  }

  void declare_members(const std::string& name, const std::string& description,
                       MakeMembersRequest make) {
    Options options = group_.add(
        name, description, [make, name, chosen = chosen_, &common = common_, &runtime = runtime_] {
          return list_members(make, "stock " + name, *chosen, common, runtime);
        });
    add_stock(options);
    add_page_options(options, chosen_->members, 50);
  }

 private:
  void add_shared(Options& options) {
    add_merchant_options(options, common_);
    options.text("--creator", chosen_->creator,
                 "Merchant that created the stock; default: --mchid");
    options.flag("--json", chosen_->json, "Print WeChat Pay's reply (JSON) unchanged");
  }
  void add_stock(Options& options) {
    add_shared(options);
    options.required_text("STOCK", chosen_->stock, "Stock id");
  }

  CommandGroup group_;
  CommonOptions& common_;
  Runtime& runtime_;
  std::shared_ptr<StockOptions> chosen_ = std::make_shared<StockOptions>();
};

}  // namespace

void declare_stock(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  StockGroup group(line, common, runtime);
  group.declare_create();
  group.declare_switch("start", "Start issuing coupons", wechatpay::start_stock_request);
  group.declare_switch("pause", "Pause issuing coupons", wechatpay::pause_stock_request);
  group.declare_switch("restart", "Resume issuing coupons", wechatpay::restart_stock_request);
  group.declare_list();
  group.declare_show();
  group.declare_members("merchants", "List the merchants where a stock's coupons can be used",
                        wechatpay::list_stock_merchants_request);
  group.declare_members("items", "List the goods that a stock's coupons can be used for",
                        wechatpay::list_stock_items_request);
}

}  // namespace couponhook::server
