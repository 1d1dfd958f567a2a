#include "sandbox/local/event_templates.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include <rapidjson/document.h>

#include "handlers/event_catalogue.hpp"
#include "sandbox/local/beijing_time.hpp"
#include "sandbox/local/json_text.hpp"

namespace couponhook::server {
namespace {

using rapidjson::Document;
using rapidjson::Value;
using Allocator = Document::AllocatorType;
using DraftResult = boost::system::result<Draft, std::string>;
using SettingResult = boost::system::result<FieldSetting, std::string>;

constexpr std::size_t kArrayLengthMax = 1000;

/// Builds the JSON of a notification's resource (its encrypted part) field by field, with nested
/// objects.
class ResourceBuilder {
 public:
  ResourceBuilder(const crypto::RandomSource& random, std::chrono::system_clock::time_point now)
      : random_(random), now_(now) {
    resource_.SetObject();
  }

  ResourceBuilder& text(const char* name, const std::string& value) {
    return add(name, Value(value, allocator()));
  }
  ResourceBuilder& number(const char* name, int value) { return add(name, Value(value)); }
  ResourceBuilder& flag(const char* name, bool value) { return add(name, Value(value)); }
  ResourceBuilder& time(const char* name, std::chrono::minutes from_now = {}) {
    return text(name, beijing_time(now_ + from_now));
  }
  /// Adds a field whose value is a string of `length` characters: the text `beginning`, then random
  /// digits.
  ResourceBuilder& digits(const char* name, std::string beginning, std::size_t length) {
    std::vector<unsigned char> bytes(length - beginning.size());
    random_(bytes);
    for (const unsigned char byte : bytes) beginning += static_cast<char>('0' + byte % 10);
    return text(name, beginning);
  }
  /// Selects the object to which the next fields are added: the nested object `name`, or the top
  /// level of the resource if `name` is empty.
  ResourceBuilder& into(const char* name) {
    object_ = name;
    if (*name != '\0') {
      resource_.AddMember(rapidjson::StringRef(name), Value(rapidjson::kObjectType), allocator());
    }
    return *this;
  }

  [[nodiscard]] Document take() { return std::move(resource_); }

 private:
  Allocator& allocator() { return resource_.GetAllocator(); }
  ResourceBuilder& add(const char* name, Value value) {
    Value& object = *object_ == '\0' ? static_cast<Value&>(resource_) : resource_[object_];
    object.AddMember(rapidjson::StringRef(name), value, allocator());
    return *this;
  }

  const crypto::RandomSource& random_;
  std::chrono::system_clock::time_point now_;
  Document resource_;
  const char* object_ = "";
};

constexpr std::chrono::minutes kMonth = std::chrono::days(30);

// The next functions make the content of notifications before encryption, one function for each
// event type. The fields and their forms are those of WeChat Pay's documentation of the events.

void fill_send(ResourceBuilder& resource, const std::string& mchid) {
  resource.text("event_type", "EVENT_TYPE_BUSICOUPON_SEND")
      .digits("coupon_code", "12", 22)
      .text("stock_id", "1205510000000046")
      .time("send_time")
      .text("openid", "oLocalTryOutExampleOpenid000")
      .text("unionid", "")
      .text("send_channel", "BUSICOUPON_SEND_CHANNEL_MINIAPP")
      .text("send_merchant", mchid)
      .text("attach_info", "")
      .digits("send_req_no", mchid, mchid.size() + 16);
}

void fill_use(ResourceBuilder& resource, const std::string& mchid) {
  resource.text("stock_creator_mchid", mchid)
      .text("stock_id", "19733211")
      .digits("coupon_id", "8", 18)
      .text("coupon_name", "满20减5")
      .text("status", "USED")
      .text("description", "")
      .time("create_time", -kMonth / 2)
      .text("coupon_type", "NORMAL")
      .flag("no_cash", false)
      .time("available_begin_time", -kMonth)
      .time("available_end_time", kMonth)
      .flag("singleitem", false)
      .into("normal_coupon_information")
      .number("coupon_amount", 500)
      .number("transaction_minimum", 2000)
      .into("consume_information")
      .time("consume_time")
      .text("consume_mchid", mchid)
      .digits("transaction_id", "4200", 28);
}

void fill_refund(ResourceBuilder& resource, const std::string& mchid,
                 const std::string& event_type) {
  const std::string status = event_type.substr(event_type.find('.') + 1);
  resource.text("mchid", mchid)
      .digits("out_trade_no", "SO", 20)
      .digits("transaction_id", "4200", 28)
      .digits("out_refund_no", "RF", 20)
      .digits("refund_id", "503", 29)
      .text("refund_status", status);
  if (status == "SUCCESS") resource.time("success_time");
  resource.text("user_received_account", "支付用户零钱")
      .into("amount")
      .number("total", 2300)
      .number("refund", 2300)
      .number("payer_total", 1800)
      .number("payer_refund", 1800);
}

void fill_product_send(ResourceBuilder& resource) {
  resource.text("brand_id", "120344")
      .digits("coupon_code", "PC_", 15)
      .text("product_coupon_id", "1000000077")
      .text("stock_id", "1000000077002")
      .text("appid", "wx00example000appid")
      .text("openid", "oLocalTryOutExampleOpenid000")
      .time("receive_time")
      .time("valid_begin_time")
      .time("valid_end_time", kMonth)
      .digits("send_request_no", "BR", 22)
      .text("send_channel", "API");
}

Document fill(const std::string& event_type, const std::string& mchid,
              const crypto::RandomSource& random, std::chrono::system_clock::time_point now) {
  ResourceBuilder resource(random, now);
  if (event_type == "COUPON.SEND") {
    fill_send(resource, mchid);
  } else if (event_type == "COUPON.USE") {
    fill_use(resource, mchid);
  } else if (event_type == "PRODUCT_COUPON_SP.SEND") {
    fill_product_send(resource);
  } else if (handlers::event_kind(event_type) == handlers::EventKind::kRefunded) {
    fill_refund(resource, mchid, event_type);
  } else {
    resource.text("note", "made by couponhook trigger").time("event_time");
  }
  return resource.take();
}

std::optional<std::size_t> parse_index(const std::string& part) {
  std::size_t index = 0;
  const char* const end = part.data() + part.size();
  const auto [stop, ec] = std::from_chars(part.data(), end, index);
  if (ec != std::errc{} || stop != end) return std::nullopt;
  return index;
}

/// Returns the member or array element `part` of a JSON value, and creates it if it is missing.
/// \return null if the value is an array and `part` is not a number below kArrayLengthMax.
Value* step(Value& value, const std::string& part, Allocator& allocator) {
  const auto index = parse_index(part);
  const bool is_container = value.IsObject() || value.IsArray();
  if (!is_container && index) value.SetArray();
  if (!is_container && !index) value.SetObject();
  if (value.IsArray()) {
    if (!index || *index >= kArrayLengthMax) return nullptr;
    while (value.Size() <= *index) value.PushBack(Value(), allocator);
    return &value[static_cast<rapidjson::SizeType>(*index)];
  }
  const auto found = value.FindMember(part);
  if (found != value.MemberEnd()) return &found->value;
  value.AddMember(Value(part, allocator), Value(), allocator);
  return &(value.MemberEnd() - 1)->value;
}

std::optional<std::string> apply(const FieldSetting& setting, Document& resource) {
  Value* place = &resource;
  for (const std::string& part : setting.path) {
    place = step(*place, part, resource.GetAllocator());
    if (place == nullptr) {
      return "\"" + part + "\" leads into an array: give a number below " +
             std::to_string(kArrayLengthMax);
    }
  }
  if (setting.is_plain_number && place->IsString()) {
    place->SetString(setting.json, resource.GetAllocator());
    return std::nullopt;
  }
  Document value(&resource.GetAllocator());
  value.Parse(setting.json.data(), setting.json.size());
  *place = static_cast<Value&>(value);
  return std::nullopt;
}

}  // namespace

SettingResult FieldSetting::parse(std::string_view text) {
  const auto refuse = [&text](std::string_view why) {
    return SettingResult(boost::system::in_place_error,
                         "\"" + std::string(text) + "\": " + std::string(why));
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return refuse("has no \"=\"; write json.path=value");
  FieldSetting setting;
  std::string_view path = text.substr(0, equals);
  while (true) {
    const std::size_t dot = path.find('.');
    if (dot == 0 || path.empty()) return refuse("has an empty name in its path");
    setting.path.emplace_back(path.substr(0, dot));
    if (dot == std::string_view::npos) break;
    path.remove_prefix(dot + 1);
  }
  const std::string_view value = text.substr(equals + 1);
  Document document;
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      value.data(), value.size());
  setting.is_plain_number = !document.HasParseError() && document.IsNumber();
  setting.json = std::string(value);
  if (document.HasParseError()) {
    setting.json = to_text(Value(rapidjson::StringRef(value.data(), value.size())));
  }
  return SettingResult(boost::system::in_place_value, std::move(setting));
}

bool names_event(std::string_view event) {
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  return resolve_event(event) != event || !std::ranges::all_of(event, is_small);
}

std::string resolve_event(std::string_view event) {
  if (event == "issue") return "COUPON.SEND";
  if (event == "redeem") return "COUPON.USE";
  if (event == "refund") return "REFUND.SUCCESS";
  return std::string(event);
}

EventTemplate::EventTemplate(std::string event_type, std::string mchid,
                             std::vector<FieldSetting> settings, crypto::RandomSource random,
                             base::WallClock clock)
    : event_type_(std::move(event_type)),
      mchid_(std::move(mchid)),
      settings_(std::move(settings)),
      random_(std::move(random)),
      clock_(std::move(clock)) {}

DraftResult EventTemplate::make_draft() const {
  Document resource = fill(event_type_, mchid_, random_, clock_());
  for (const FieldSetting& setting : settings_) {
    if (auto error = apply(setting, resource)) {
      return DraftResult(boost::system::in_place_error, std::move(*error));
    }
  }
  Draft draft;
  draft.id = crypto::random_uuid(random_);
  draft.event_type = event_type_;
  draft.resource = to_text(resource);
  if (const auto* known = handlers::find_event(event_type_)) {
    if (!known->summary.empty()) draft.summary = std::string(known->summary);
    draft.original_type = known->original_type;
    draft.associated_data =
        known->associated_data.empty() ? known->original_type : known->associated_data;
  }
  return DraftResult(boost::system::in_place_value, std::move(draft));
}

}  // namespace couponhook::server
