// Checks that a broken API reply makes only one API call fail. Every parser reads every prefix of a
// reply, and the reply with each of its bytes changed. Sanitizers detect memory errors.

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "wechatpay/busifavor_coupons.hpp"
#include "wechatpay/callbacks.hpp"
#include "wechatpay/coupons.hpp"
#include "wechatpay/flow_file.hpp"
#include "wechatpay/flow_link.hpp"
#include "wechatpay/new_stock.hpp"
#include "wechatpay/security_echo.hpp"
#include "wechatpay/stocks.hpp"

namespace couponhook::wechatpay {
namespace {

/// A JSON reply that contains the fields that every parser of API replies needs.
const std::string kReply =
    R"({"stock_id":"1","coupon_id":"2","coupon_code":"3","notify_url":"https://a.example/n",)"
    R"("echo_message":"e","url":"https://b.example/f?t=1","hash_value":"00","hash_type":"SHA1",)"
    R"("create_time":"2015-05-20T13:29:35+08:00","total_count":1,"offset":0,"limit":10,)"
    R"("stock_use_rule":{"max_coupons":5,"fixed_normal_coupon":{"coupon_amount":1}},)"
    R"("consume_information":{"transaction_id":"4","goods_detail":[{"goods_id":"g"}]},)"
    R"("data":[{"stock_id":"1","coupon_id":"2","coupon_code":"\u5238"}]})";

const std::vector<std::function<bool(std::string_view)>> kParsers = {
    [](std::string_view body) { return parse_callback(Api::kFavorCallbackGet, body).has_value(); },
    [](std::string_view body) { return parse_security_echo(body).has_value(); },
    [](std::string_view body) { return parse_created_stock(body).has_value(); },
    [](std::string_view body) { return parse_stock_switched(Api::kStockStart, body).has_value(); },
    [](std::string_view body) { return parse_stock(body).has_value(); },
    [](std::string_view body) { return parse_stocks(body).has_value(); },
    [](std::string_view body) { return parse_stock_members(Api::kStockItems, body).has_value(); },
    [](std::string_view body) { return parse_sent_coupon(body).has_value(); },
    [](std::string_view body) { return parse_coupon(body).has_value(); },
    [](std::string_view body) { return parse_coupons(body).has_value(); },
    [](std::string_view body) { return parse_busifavor_coupon(body).has_value(); },
    [](std::string_view body) { return parse_busifavor_coupons(body).has_value(); },
    [](std::string_view body) { return parse_flow_link(FlowKind::kUse, body).has_value(); },
};

TEST(HostileReplies, AreMadeFromOneThatEveryParserReads) {
  for (std::size_t i = 0; i < kParsers.size(); ++i) EXPECT_TRUE(kParsers[i](kReply)) << i;
}

TEST(HostileReplies, AreRefusedWhereTheyWereCutShort) {
  for (std::size_t length = 0; length < kReply.size(); ++length) {
    // Copy the text into memory of its own, so that a sanitizer detects a parser that reads past
    // the end.
    const std::string cut(kReply, 0, length);
    for (const auto& parse : kParsers) EXPECT_FALSE(parse(cut)) << length;
  }
}

TEST(HostileReplies, AreSurvivedWhateverByteIsChanged) {
  int refused = 0;
  for (std::size_t at = 0; at < kReply.size(); ++at) {
    for (const char changed : {'\0', '"', '}', '9', '\xff'}) {
      std::string reply = kReply;
      reply[at] = changed;
      for (const auto& parse : kParsers) refused += parse(reply) ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(HostileFlowFiles, AreSurvivedWhateverByteIsChanged) {
  const std::string file = "coupon_id,transaction_id,优惠金额(元)\n`1,\"2\",3.50\n总数\n1\n";
  const auto columns = usual_flow_columns(FlowKind::kUse);
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const char changed : {'\0', '"', ',', '`', '\n', '\r', '\xff', '.'}) {
      std::string altered = file;
      altered[at] = changed;
      const FlowFile read = parse_flow_file(FlowKind::kUse, altered, columns);
      EXPECT_LE(read.records.size(), 3U) << at;
    }
  }
}

}  // namespace
}  // namespace couponhook::wechatpay
