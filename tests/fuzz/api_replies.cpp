/// \file
/// Fuzz target: the parsers of replies and errors of WeChat Pay's APIs. The fuzz input is the body
/// of a reply. The body may have any content, because couponhook parses some replies before it
/// checks their signature.

#include <chrono>
#include <string>

#include "fuzz.hpp"
#include "wechatpay/busifavor_coupons.hpp"
#include "wechatpay/callbacks.hpp"
#include "wechatpay/certificates.hpp"
#include "wechatpay/coupons.hpp"
#include "wechatpay/flow_link.hpp"
#include "wechatpay/image_upload.hpp"
#include "wechatpay/new_stock.hpp"
#include "wechatpay/reply.hpp"
#include "wechatpay/security_echo.hpp"
#include "wechatpay/stocks.hpp"

namespace couponhook::fuzz {
namespace {

using namespace wechatpay;

void run(std::string_view input) {
  static_cast<void>(parse_callback(Api::kFavorCallbackGet, input));
  static_cast<void>(parse_security_echo(input));
  static_cast<void>(parse_created_stock(input));
  static_cast<void>(parse_uploaded_image(input));
  static_cast<void>(parse_stock_switched(Api::kStockStart, input));
  static_cast<void>(parse_stock(input));
  static_cast<void>(parse_stocks(input));
  static_cast<void>(parse_stock_members(Api::kStockItems, input));
  static_cast<void>(parse_sent_coupon(input));
  static_cast<void>(parse_coupon(input));
  static_cast<void>(parse_coupons(input));
  static_cast<void>(parse_busifavor_coupon(input));
  static_cast<void>(parse_busifavor_coupons(input));
  static_cast<void>(parse_flow_link(FlowKind::kUse, input));
  static_cast<void>(check_coupon(input));
  static_cast<void>(check_stock(input, {}));

  const ApiReply refusal{400, {}, std::string(input)};
  require(!read_error(Api::kStockStart, refusal).text().empty(), "an error has a text");

  const ApiReply unsigned_reply{200, {}, std::string(input)};
  const auto opened = open_certificates(unsigned_reply, {}, nullptr, std::chrono::sys_seconds{});
  require(!opened.has_value(), "nothing is opened without a key");
}

const Registration registered("api_replies", run);

}  // namespace
}  // namespace couponhook::fuzz
