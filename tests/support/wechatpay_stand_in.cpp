#include "support/wechatpay_stand_in.hpp"

#include "sandbox/schedule.hpp"

namespace couponhook::support {
namespace {

constexpr std::string_view kApiV3Key = "0123456789abcdef0123456789abcdef";

crypto::ResourceCipher make_cipher() {
  return crypto::ResourceCipher(crypto::Secret(std::string(kApiV3Key)));
}

crypto::SelfSignedPair make_pair(std::chrono::system_clock::time_point now) {
  crypto::SelfSignedOptions options;
  options.kind = crypto::PairKind::kRsa2048;
  options.common_name = "stand-in";
  options.valid_from = std::chrono::floor<std::chrono::seconds>(now) - std::chrono::hours(1);
  return crypto::make_self_signed(options);
}

}  // namespace

WeChatPayStandIn::WeChatPayStandIn(std::chrono::system_clock::time_point now)
    : now_(std::make_shared<std::chrono::system_clock::time_point>(now)),
      pair_(make_pair(now)),
      maker_(*crypto::Signer::from_pem(pair_.private_key_pem), pair_.serial, make_cipher(),
             crypto::system_random(), [clock = now_] { return *clock; }) {}

server::Merchant WeChatPayStandIn::merchant() const {
  server::Merchant merchant{"1900000001", "/notify/1900000001", std::chrono::seconds(300), {}, {}};
  if (!merchant.platform_keys.add_certificate(pair_.certificate_pem)) std::abort();
  merchant.ciphers.push_back(make_cipher());
  return merchant;
}

std::vector<unsigned> WeChatPayStandIn::send_until_acknowledged(
    const server::Draft& draft, const std::function<unsigned(const FakeRequest&)>& post) {
  std::vector<unsigned> statuses{post(notify(draft))};
  for (const std::chrono::seconds pause : server::sandbox::schedule_of(draft.event_type)) {
    if (statuses.back() == 200 || statuses.back() == 204) break;
    advance(pause);
    statuses.push_back(post(notify(draft)));
  }
  return statuses;
}

server::Draft redemption_draft(std::string id) {
  server::Draft draft;
  draft.event_type = "COUPON.USE";
  draft.original_type = "coupon";
  draft.associated_data = "coupon";
  draft.resource = R"({"stock_id":"19733211","coupon_id":"C-)" + id +
                   R"(","status":"USED","consume_information":{"consume_time":)"
                   R"("2024-03-05T07:58:41+08:00","transaction_id":"T-)" +
                   id + R"("}})";
  draft.id = std::move(id);
  return draft;
}

}  // namespace couponhook::support
