#include "handlers/coupon_event.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <utility>

#include "base/repaired_json.hpp"
#include "handlers/event_catalogue.hpp"
#include "handlers/json_fields.hpp"

namespace couponhook::handlers {
namespace {

struct KeyField {
  std::string_view path;
  const std::string& value;
};

/// Checks the fields that identify a coupon event. These fields become keys in the database, so
/// they need a sensible length and must not contain control characters. The longest such field in
/// WeChat Pay's documentation has 64 characters; the limit of 128 bytes is a tenth of what a
/// database index can hold.
/// \return an error for the first bad field; empty if all fields are good.
std::string first_invalid(std::initializer_list<KeyField> fields) {
  constexpr std::size_t kBytesMax = 128;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  for (const auto& [path, value] : fields) {
    if (value.empty()) return std::string(path).append(" is missing");
    if (value.size() > kBytesMax || std::any_of(value.begin(), value.end(), is_control)) {
      return std::string(path).append(" is not an identifier");
    }
  }
  return {};
}

std::string first_present(std::string first, std::string second) {
  return first.empty() ? std::move(second) : std::move(first);
}

std::optional<CouponIssued::Attachment> read_attachment(const JsonFields& fields) {
  if (!fields.exists()) return {};
  CouponIssued::Attachment attachment;
  attachment.transaction_id = fields.text("transaction_id");
  attachment.act_code = fields.text("act_code");
  attachment.hall_code = fields.text("hall_code");
  attachment.hall_belong_mch_id = fields.text_or_digits("hall_belong_mch_id");
  attachment.card_id = fields.text("card_id");
  attachment.code = fields.text("code");
  attachment.activity_id = fields.text("activity_id");
  return attachment;
}

// WeChat Pay's documentation shows ids as JSON strings. If an id is sent as a JSON number, as
// hall_belong_mch_id is, the digits of the number are used as the text of the id.

/// Reads the event "a coupon was given to a user", both for 商家券 and for the newer product
/// coupons (商品券). The events of product coupons differ only in the names of two fields.
CouponEvent read_issued(const JsonFields& fields) {
  CouponIssued issued;
  issued.stock_id = fields.text_or_digits("stock_id");
  issued.coupon_code = fields.text_or_digits("coupon_code");
  issued.send_time = first_present(fields.text("send_time"), fields.text("receive_time"));
  issued.openid = fields.text("openid");
  issued.unionid = fields.text("unionid");
  issued.send_channel = fields.text("send_channel");
  issued.send_merchant = fields.text("send_merchant");
  issued.send_request_no =
      first_present(fields.text("send_req_no"), fields.text("send_request_no"));
  issued.attach_info = read_attachment(fields.object("attach_info"));

  std::string invalid =
      first_invalid({{"stock_id", issued.stock_id}, {"coupon_code", issued.coupon_code}});
  if (!invalid.empty()) return OtherEvent{std::move(invalid)};
  return issued;
}

std::vector<CouponRedeemed::Goods> read_goods(const rapidjson::Value* list) {
  std::vector<CouponRedeemed::Goods> goods;
  if (list == nullptr) return goods;
  for (const auto& element : list->GetArray()) {
    const JsonFields fields(&element);
    if (!fields.exists()) continue;
    goods.push_back({fields.text("goods_id"), fields.integer("quantity").value_or(0),
                     fields.integer("price").value_or(0),
                     fields.integer("discount_amount").value_or(0)});
  }
  return goods;
}

CouponEvent read_redeemed(const JsonFields& fields) {
  const JsonFields consumption = fields.object("consume_information");
  const JsonFields face_value = fields.object("normal_coupon_information");
  CouponRedeemed redeemed;
  redeemed.stock_creator_mchid = fields.text("stock_creator_mchid");
  redeemed.stock_id = fields.text_or_digits("stock_id");
  redeemed.coupon_id = fields.text_or_digits("coupon_id");
  redeemed.coupon_name = fields.text("coupon_name");
  redeemed.coupon_type = fields.text("coupon_type");
  redeemed.business_type = fields.text("business_type");
  redeemed.consume_time = consumption.text("consume_time");
  redeemed.consume_mchid = consumption.text("consume_mchid");
  redeemed.transaction_id = consumption.text_or_digits("transaction_id");
  redeemed.consume_amount = consumption.integer("consume_amount");
  redeemed.coupon_amount = face_value.integer("coupon_amount");
  redeemed.transaction_minimum = face_value.integer("transaction_minimum");
  redeemed.goods_detail = read_goods(consumption.array("goods_detail"));

  std::string invalid =
      first_invalid({{"stock_id", redeemed.stock_id},
                     {"coupon_id", redeemed.coupon_id},
                     {"consume_information.transaction_id", redeemed.transaction_id}});
  if (!invalid.empty()) return OtherEvent{std::move(invalid)};
  return redeemed;
}

/// Parses the field refund_status of a refund notification. WeChat Pay's documentation and SDKs
/// write CLOSED, but some sources write CLOSE, so both are accepted.
/// \return the status; nothing for any other text.
std::optional<OrderRefunded::Status> parse_status(std::string_view text) {
  if (text == "SUCCESS") return OrderRefunded::Status::kSuccess;
  if (text == "CLOSED" || text == "CLOSE") return OrderRefunded::Status::kClosed;
  if (text == "ABNORMAL") return OrderRefunded::Status::kAbnormal;
  return {};
}

/// Largest number of coupons whose shares in one refund are read. WeChat Pay documents no maximum;
/// an order is paid with a few coupons at most.
constexpr std::size_t kSharesMax = 100;

/// Reads the amounts of a refund. Amounts that are not possible are left out, and the problem is
/// noted: the refund itself happened, so its event stays readable.
void read_amounts(const JsonFields& fields, OrderRefunded& refunded) {
  const JsonFields amount = fields.object("amount");
  const auto read = [&](std::string_view name) {
    const auto fen = amount.integer(name);
    if (!fen && amount.exists() && refunded.amount_flaw.empty()) {
      refunded.amount_flaw.append("amount.").append(name).append(" is not a whole number of fen");
    }
    return fen.value_or(0);
  };
  refunded.total = read("total");
  refunded.refund = read("refund");
  refunded.payer_total = read("payer_total");
  refunded.payer_refund = read("payer_refund");
  if (!amount.exists()) {
    if (fields.has("amount")) refunded.amount_flaw = "amount is not an object";
    return;
  }
  const base::RefundAmounts amounts{refunded.total, refunded.refund, refunded.payer_total,
                                    refunded.payer_refund};
  if (refunded.amount_flaw.empty()) refunded.amount_flaw = base::flaw_of(amounts);
  if (refunded.amount_flaw.empty()) refunded.amounts = amounts;
}

/// Reads the shares of coupons in a refund. A share that is not possible is left out.
void read_shares(const rapidjson::Value* list, OrderRefunded& refunded) {
  if (list == nullptr) return;
  std::string flaw;
  for (const auto& element : list->GetArray()) {
    const JsonFields fields(&element);
    base::CouponShare share{fields.text_or_digits("promotion_id"),
                            fields.integer("amount").value_or(-1),
                            fields.integer("refund_amount").value_or(-1)};
    std::string problem = first_invalid({{"promotion_detail.promotion_id", share.coupon}});
    if (problem.empty()) problem = base::flaw_of(share);
    if (problem.empty() && refunded.shares.size() == kSharesMax) {
      problem = "promotion_detail has more than 100 coupons";
    }
    if (problem.empty()) {
      refunded.shares.push_back(std::move(share));
    } else if (flaw.empty()) {
      flaw = std::move(problem);
    }
  }
  if (refunded.amount_flaw.empty()) refunded.amount_flaw = std::move(flaw);
}

CouponEvent read_refunded(std::string_view event_type, const JsonFields& fields) {
  OrderRefunded refunded;
  refunded.mchid = fields.text("mchid");
  refunded.sp_mchid = fields.text("sp_mchid");
  refunded.sub_mchid = fields.text("sub_mchid");
  refunded.out_trade_no = fields.text("out_trade_no");
  refunded.transaction_id = fields.text_or_digits("transaction_id");
  refunded.out_refund_no = fields.text("out_refund_no");
  refunded.refund_id = fields.text_or_digits("refund_id");
  refunded.success_time = fields.text("success_time");
  read_amounts(fields, refunded);
  read_shares(fields.array("promotion_detail"), refunded);

  std::string invalid = first_invalid(
      {{"transaction_id", refunded.transaction_id}, {"refund_id", refunded.refund_id}});
  if (!invalid.empty()) return OtherEvent{std::move(invalid)};

  const std::string said = fields.text("refund_status");
  const auto status =
      parse_status(said.empty() ? event_type.substr(event_type.find('.') + 1) : said);
  if (!status) return OtherEvent{"refund_status is not a known one"};
  refunded.status = *status;
  return refunded;
}

CouponEvent read_fields(EventKind kind, std::string_view event_type,
                        const base::JsonObject& object) {
  const JsonFields fields(&object.value());
  if (kind == EventKind::kIssued) return read_issued(fields);
  if (kind == EventKind::kRedeemed) return read_redeemed(fields);
  return read_refunded(event_type, fields);
}

/// Returns the names of the fields that identify the coupon, the payment, the refund and the time
/// of an event of this kind. Together these fields identify the event in the ledger (the history of
/// each coupon). If one of them has a flaw, the meaning of the event is uncertain.
std::span<const std::string_view> identifying_fields(EventKind kind) {
  static constexpr std::array<std::string_view, 4> kIssued{"stock_id", "coupon_code", "send_time",
                                                           "receive_time"};
  static constexpr std::array<std::string_view, 4> kRedeemed{"stock_id", "coupon_id",
                                                             "consume_information.transaction_id",
                                                             "consume_information.consume_time"};
  static constexpr std::array<std::string_view, 4> kRefunded{"transaction_id", "refund_id",
                                                             "refund_status", "success_time"};
  if (kind == EventKind::kIssued) return kIssued;
  return kind == EventKind::kRedeemed ? std::span(kRedeemed) : std::span(kRefunded);
}

/// Reads the decrypted part (resource) of a notification after the first, strict attempt has
/// failed: the resource is not valid JSON, or the id of the coupon, payment or refund is missing.
/// \param why error message of the first, strict attempt.
EventReading read_repaired(EventKind kind, std::string_view event_type, std::string_view resource,
                           const base::JsonLimits& limits, std::string why) {
  const auto identifying = identifying_fields(kind);
  const auto repaired = base::repair_object(resource, limits, identifying);
  if (!repaired) return {OtherEvent{std::move(why)}, {}};
  if (!repaired->uncertain.empty()) return {OtherEvent{repaired->uncertain}, {}};
  // repair_object() keeps the identifying fields even beyond the limit for the number of values, so
  // its result may have more values than the limit allows.
  const base::JsonLimits with_identifying_fields{limits.depth_max,
                                                 limits.values_max + 2 * identifying.size()};
  const auto document = base::parse_object(repaired->text, with_identifying_fields);
  if (!document) return {OtherEvent{std::move(why)}, {}};
  CouponEvent event = read_fields(kind, event_type, *document);
  if (std::holds_alternative<OtherEvent>(event)) return {std::move(event), {}};
  std::string flaw;
  if (repaired->flaws != 0) flaw = "the resource has " + base::describe_flaws(repaired->flaws);
  return {std::move(event), std::move(flaw)};
}

}  // namespace

std::string_view to_string(OrderRefunded::Status status) {
  switch (status) {
    case OrderRefunded::Status::kSuccess:
      return "SUCCESS";
    case OrderRefunded::Status::kClosed:
      return "CLOSED";
    case OrderRefunded::Status::kAbnormal:
      return "ABNORMAL";
  }
  return "";
}

EventReading read_flawed_event(std::string_view event_type, std::string_view resource,
                               const base::JsonLimits& limits) {
  const EventKind kind = event_kind(event_type);
  if (kind == EventKind::kOther || kind == EventKind::kUnknown) return {OtherEvent{}, {}};

  const auto document = base::parse_object(resource, limits);
  if (!document) {
    std::string why =
        std::string("the resource is not a JSON object: ").append(describe(document.error()));
    return read_repaired(kind, event_type, resource, limits, std::move(why));
  }
  CouponEvent event = read_fields(kind, event_type, *document);
  const auto* other = std::get_if<OtherEvent>(&event);
  if (other == nullptr) return {std::move(event), {}};
  // The first, strict attempt treats an id that is a number of more than 64 bits as missing.
  // repair_object() turns such a number into a string, so a second attempt can read the id.
  EventReading repaired = read_repaired(kind, event_type, resource, limits, other->unreadable);
  if (std::holds_alternative<OtherEvent>(repaired.event)) return {std::move(event), {}};
  return repaired;
}

CouponEvent read_event(std::string_view event_type, std::string_view resource,
                       const base::JsonLimits& limits) {
  return read_flawed_event(event_type, resource, limits).event;
}

}  // namespace couponhook::handlers
