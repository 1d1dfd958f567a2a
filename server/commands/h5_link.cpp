#include "wechatpay/h5_link.hpp"

#include <ostream>

#include "crypto/file.hpp"
#include "server/commands/outbound.hpp"

namespace couponhook::server {
namespace {

Exit print_link(const wechatpay::H5Issue& issue, const CommonOptions& common, Runtime& runtime) {
  const auto broken = wechatpay::violations(issue);
  if (!broken.empty()) return refuse(runtime, "h5-link", broken);
  const auto config = load_config_or_print(common, runtime);
  if (!config) return Exit::kUsage;
  const MerchantConfig* merchant = choose_merchant(*config, common, runtime);
  if (merchant == nullptr) return Exit::kUsage;
  const std::string where =
      config->file.string() + ": merchant " + merchant->mchid + ": api.api_v2_key_file";
  if (!merchant->api || merchant->api->api_v2_key_file.empty()) {
    print_problems(runtime, {{where, "is missing; name a file that holds the APIv2 key"}});
    return Exit::kUsage;
  }
  const auto key = crypto::read_secret_line(merchant->api->api_v2_key_file);
  if (!key) {
    print_problems(runtime,
                   {{where + ": " + merchant->api->api_v2_key_file.string(), key.error().text()}});
    return Exit::kUsage;
  }
  runtime.out << wechatpay::h5_link(issue, *key) << '\n';
  return Exit::kOk;
}

}  // namespace

void declare_h5_link(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto issue = std::make_shared<wechatpay::H5Issue>();
  Options options = line.add(
      "h5-link", "Print the signed link with which a user receives a busifavor coupon in a browser",
      [issue, &common, &runtime] { return print_link(*issue, common, runtime); });
  add_merchant_options(options, common);
  options.required_text("--stock", issue->stock_id, "Stock id");
  options.required_text("--out-request-no", issue->out_request_no,
                        "Your own unique number of the request");
  options.required_text("--merchant", issue->send_coupon_merchant, "The issuing merchant");
  options.required_text("--open-id", issue->open_id, "The user");
  options.text("--coupon-code", issue->coupon_code,
               "Required for stocks with code mode MERCHANT_API, not allowed for others");
}

}  // namespace couponhook::server
