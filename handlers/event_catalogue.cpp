#include "handlers/event_catalogue.hpp"

#include <algorithm>
#include <iterator>

namespace couponhook::handlers {
namespace {

// clang-format off
// The event types that WeChat Pay documents, sorted by name. A text of an entry is empty if no
// published source shows the text for that event type. The receiver does not depend on these texts;
// couponhook uses them only to make test notifications, in which an empty text is legal.
constexpr CatalogueEntry kCatalogue[] = {
    {"BRAND_MEMBER_CARD_SP.POINT_EXCHANGE_COUPON", EventKind::kOther, "", "", ""},
    {"BRAND_MEMBER_CARD_SP.SYNC_USER_POINT", EventKind::kOther, "", "", ""},
    {"BRAND_MEMBER_CARD_SP.USER_CARD.CREATE", EventKind::kOther, "", "", ""},
    {"COUPON.SEND", EventKind::kIssued, "coupon", "coupon", "商家券领券通知"},
    {"COUPON.USE", EventKind::kRedeemed, "coupon", "coupon", "代金券核销通知"},
    {"DELIVERY_PLAN.CHANGE", EventKind::kOther, "delivery_plan", "", ""},
    {"DISCOUNT_CARD.AGREEMENT_ENDED", EventKind::kOther, "", "", ""},
    {"DISCOUNT_CARD.GET_CARD", EventKind::kOther, "", "", ""},
    {"DISCOUNT_CARD.SETTLEMENT", EventKind::kOther, "", "", ""},
    {"DISCOUNT_CARD.USER_ACCEPTED", EventKind::kOther, "", "", ""},
    {"DISCOUNT_CARD.USER_PAID", EventKind::kOther, "", "", ""},
    {"MALL_AUTH.ACTIVATE_CARD", EventKind::kOther, "", "", ""},
    {"MALL_REFUND.SUCCESS", EventKind::kOther, "", "", ""},
    {"MALL_TRANSACTION.SUCCESS", EventKind::kOther, "mall_transaction", "", "支付成功"},
    {"MEMBERCARD.ACCEPT_CARD", EventKind::kOther, "", "", ""},
    {"MEMBERCARD.ACTIVATE_CARD", EventKind::kOther, "", "", ""},
    {"MEMBERCARD.USERCARD_MANAGE", EventKind::kOther, "", "", ""},
    {"PRODUCT_COUPON_SP.IMAGE_GENERATION", EventKind::kOther, "product_coupon", "", ""},
    {"PRODUCT_COUPON_SP.SEND", EventKind::kIssued, "coupon", "product_coupon_sp", "商品券领券通知"},
    {"REFUND.ABNORMAL", EventKind::kRefunded, "refund", "refund", "退款异常"},
    {"REFUND.CLOSED", EventKind::kRefunded, "refund", "refund", "退款关闭"},
    {"REFUND.SUCCESS", EventKind::kRefunded, "refund", "refund", "退款成功"},
    {"SECURITY_ECHO.SUCCESS", EventKind::kOther, "security", "", "回调通知成功"},
};
// End of the table of event types, which clang-format must not lay out.
// clang-format on

constexpr bool comes_before(const CatalogueEntry& a, const CatalogueEntry& b) {
  return a.event_type < b.event_type;
}
static_assert(std::is_sorted(std::begin(kCatalogue), std::end(kCatalogue), comes_before));

}  // namespace

std::span<const CatalogueEntry> event_catalogue() {
  return kCatalogue;
}

const CatalogueEntry* find_event(std::string_view event_type) {
  const auto* entry = std::lower_bound(
      std::begin(kCatalogue), std::end(kCatalogue), event_type,
      [](const CatalogueEntry& e, std::string_view type) { return e.event_type < type; });
  return entry != std::end(kCatalogue) && entry->event_type == event_type ? entry : nullptr;
}

EventKind event_kind(std::string_view event_type) {
  const CatalogueEntry* entry = find_event(event_type);
  return entry == nullptr ? EventKind::kUnknown : entry->kind;
}

}  // namespace couponhook::handlers
