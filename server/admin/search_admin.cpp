#include "server/admin/search_admin.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ascii.hpp"
#include "base/fact_kind.hpp"
#include "base/json_writer.hpp"
#include "base/utf8.hpp"
#include "crypto/digest.hpp"
#include "handlers/coupon_event.hpp"
#include "handlers/ledger.hpp"
#include "server/admin/admin_json.hpp"
#include "server/admin/admin_reply.hpp"

namespace couponhook::server {
namespace {

namespace matched = storage::matched;

constexpr std::size_t kQueryBytesMax = 128;
/// Largest number of coupons, and of notifications, in one reply.
constexpr std::size_t kItemsMax = 50;
constexpr std::int64_t kLimitMax = 50;
constexpr std::size_t kOpenidLength = 28;
constexpr std::string_view kOpenidPrefix = "openid:";
constexpr std::string_view kHowToHash =
    "q is an openid, or looks like one: write openid: and the 64 hexadecimal digits of the "
    "openid's SHA-256 digest, so that no openid is in a URL; a coupon code of this form is found "
    "as STOCK/CODE";

bool is_openid(std::string_view text) {
  return text.size() == kOpenidLength && text.front() == 'o' &&
         std::ranges::all_of(
             text, [](char c) { return base::is_alphanumeric(c) || c == '-' || c == '_'; });
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0 || !std::ranges::all_of(text, base::is_hex_digit)) return std::nullopt;
  const auto digit = [](char c) {
    return base::is_digit(c) ? c - '0' : base::to_lower(c) - 'a' + 10;
  };
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  }
  return bytes;
}

// The cursor of a stock's list is the hexadecimal text of three lines.
std::string cursor_text(const storage::StockPosition& position) {
  const std::string lines = position.coupon + '\n' + position.kind + '\n' + position.business_key;
  const auto* bytes = reinterpret_cast<const unsigned char*>(lines.data());
  return crypto::to_hex({bytes, lines.size()});
}

std::optional<storage::StockPosition> parse_position(std::string_view cursor) {
  const auto lines = from_hex(cursor);
  if (!lines || !base::is_utf8(*lines)) return std::nullopt;
  const auto first = lines->find('\n');
  const auto second = first == lines->npos ? first : lines->find('\n', first + 1);
  if (second == lines->npos) return std::nullopt;
  return storage::StockPosition{lines->substr(0, first),
                                lines->substr(first + 1, second - first - 1),
                                lines->substr(second + 1)};
}

using Parsed = std::variant<storage::SearchRequest, std::string_view>;

/// \return the request, or what is wrong with it.
Parsed parse(const base::RequestTarget& target) {
  storage::SearchRequest request;
  const std::string_view q = target.parameter("q").value_or("");
  const std::string_view cursor = target.parameter("cursor").value_or("");
  if (q.empty() || q.size() > kQueryBytesMax || !base::is_utf8(q) ||
      std::ranges::any_of(q, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return "q is missing or invalid: it is one identifier of at most 128 bytes";
  }
  if (!read_parameter(target, "limit", parse_number, request.limit) || request.limit < 1 ||
      request.limit > kLimitMax) {
    return "limit is invalid: it is 1 to 50";
  }
  constexpr std::string_view kWrongCursor = "cursor is invalid: it is the next_cursor of a reply";
  if (q.starts_with(kOpenidPrefix)) {
    const auto digest = from_hex(q.substr(kOpenidPrefix.size()));
    if (!digest || digest->size() != crypto::Sha256().size()) return kHowToHash;
    storage::OpenidDigest& first_half = request.openid_digest.emplace();
    std::copy_n(digest->begin(), first_half.size(), first_half.begin());
    if (!cursor.empty()) request.before_sequence = parse_number(cursor);
    if (!cursor.empty() && !request.before_sequence) return kWrongCursor;
    return request;
  }
  if (is_openid(q)) return kHowToHash;
  request.text = q;
  if (!cursor.empty()) request.after = parse_position(cursor);
  if (!cursor.empty() && !request.after) return kWrongCursor;
  return request;
}

/// Reads the ledger fact of a notification from its content.
std::optional<storage::LedgerFact> fact_of(const storage::NotificationRecord& record) {
  if (record.resource.empty()) return std::nullopt;
  auto entry = handlers::ledger_entry(handlers::read_event(record.event_type, record.resource, {}),
                                      record.create_time);
  if (!entry) return std::nullopt;
  return storage::LedgerFact{.kind = std::string(base::to_string(entry->kind)),
                             .stock_id = std::move(entry->stock_id),
                             .coupon = std::move(entry->coupon),
                             .transaction_id = std::move(entry->transaction_id),
                             .business_key = std::move(entry->business_key),
                             .occurred_at = std::move(entry->occurred_at)};
}

/// A coupon in the reply.
struct CouponItem {
  std::string_view matched;
  storage::CouponKey key;
  std::vector<storage::LedgerRecord> records{};
};

/// A notification in the reply. `record` is set once it is read from the store.
struct NotificationItem {
  std::string_view matched;
  storage::NotificationKey key;
  std::optional<storage::LedgerFact> fact;
  std::optional<storage::NotificationRecord> record{};
};

/// Puts the results of a search together: the coupons with their ledgers, and the notifications
/// that reported a fact of the ledger. Each appears once.
class SearchResult {
 public:
  explicit SearchResult(storage::Reader& reader) : reader_(reader) {}

  /// \return an error of the store.
  [[nodiscard]] storage::Connection::Result<void> fill(const storage::SearchRequest& request);
  [[nodiscard]] std::string json() const;

 private:
  void add_coupon(std::string_view matched, const storage::LedgerFact& fact);
  void add_notification(std::string_view matched, const storage::LedgerRecord& reported);
  [[nodiscard]] storage::Connection::Result<void> add_found(storage::FoundNotification&& found);
  [[nodiscard]] storage::Connection::Result<void> read_coupons();
  [[nodiscard]] storage::Connection::Result<void> read_notifications();

  storage::Reader& reader_;
  std::vector<CouponItem> coupons_;
  std::vector<NotificationItem> notifications_;
  bool more_ = false;
  std::string cursor_;
};

void SearchResult::add_coupon(std::string_view matched, const storage::LedgerFact& fact) {
  if (fact.coupon.empty()) return;
  const bool is_known = std::ranges::any_of(coupons_, [&](const CouponItem& item) {
    return item.key.stock_id == fact.stock_id && item.key.coupon == fact.coupon;
  });
  if (is_known) return;
  if (coupons_.size() == kItemsMax) {
    more_ = true;
    return;
  }
  coupons_.push_back({matched, {fact.stock_id, fact.coupon}});
}

void SearchResult::add_notification(std::string_view matched,
                                    const storage::LedgerRecord& reported) {
  const bool is_known = std::ranges::any_of(notifications_, [&](const NotificationItem& item) {
    return item.key.id == reported.notification_id && item.key.mchid == reported.mchid;
  });
  if (is_known) return;
  if (notifications_.size() == kItemsMax) {
    more_ = true;
    return;
  }
  notifications_.push_back({matched, {reported.notification_id, reported.mchid}, reported.fact});
}

/// Adds a notification that was found by its own id or by the openid in it, and its coupons.
storage::Connection::Result<void> SearchResult::add_found(storage::FoundNotification&& found) {
  auto fact = fact_of(found.record);
  if (fact) {
    add_coupon(found.matched, *fact);
    if (fact->coupon.empty()) {
      // A refund names a payment and no coupon: its coupons are those of the payment.
      const auto redeemed = reader_.payments({&fact->transaction_id, 1});
      if (!redeemed) return redeemed.error();
      for (const storage::LedgerRecord& each : *redeemed) add_coupon(found.matched, each.fact);
    }
  }
  storage::NotificationKey key{found.record.id, found.record.mchid};
  notifications_.push_back(
      {found.matched, std::move(key), std::move(fact), std::move(found.record)});
  return {};
}

storage::Connection::Result<void> SearchResult::fill(const storage::SearchRequest& request) {
  auto hits = reader_.search(request);
  if (!hits) return hits.error();
  more_ = hits->more;
  if (hits->next_before_sequence) cursor_ = std::to_string(*hits->next_before_sequence);
  if (hits->next_after) cursor_ = cursor_text(*hits->next_after);
  for (storage::FoundNotification& found : hits->notifications) {
    if (auto added = add_found(std::move(found)); !added) return added;
  }
  for (const storage::FoundFact& found : hits->facts) {
    add_coupon(found.matched, found.record.fact);
    add_notification(found.matched, found.record);
  }
  for (const storage::LedgerRecord& record : hits->facts_of_payments) {
    add_coupon(matched::kRefund, record.fact);
  }
  if (auto read = read_coupons(); !read) return read;
  return read_notifications();
}

storage::Connection::Result<void> SearchResult::read_coupons() {
  std::vector<storage::CouponKey> keys;
  for (const CouponItem& item : coupons_) keys.push_back(item.key);
  auto ledgers = reader_.coupons(keys);
  if (!ledgers) return ledgers.error();
  for (std::size_t i = 0; i < coupons_.size(); ++i) {
    coupons_[i].records = std::move((*ledgers)[i]);
    if (coupons_[i].matched != matched::kCoupon) continue;
    for (const storage::LedgerRecord& record : coupons_[i].records) {
      add_notification(matched::kCoupon, record);
    }
  }
  // A coupon that a notification names is not in the ledger if no ledger handler takes the event.
  std::erase_if(coupons_, [](const CouponItem& item) { return item.records.empty(); });
  return {};
}

storage::Connection::Result<void> SearchResult::read_notifications() {
  std::vector<storage::NotificationKey> keys;
  for (const NotificationItem& item : notifications_) {
    if (!item.record) keys.push_back(item.key);
  }
  auto records = reader_.notifications_of(keys);
  if (!records) return records.error();
  for (NotificationItem& item : notifications_) {
    if (item.record) continue;
    const auto found = std::ranges::find_if(*records, [&](const auto& record) {
      return record.id == item.key.id && record.mchid == item.key.mchid;
    });
    if (found != records->end()) item.record = std::move(*found);
  }
  // The ledger is kept longer than notifications, so some of them may be gone.
  std::erase_if(notifications_, [](const NotificationItem& item) { return !item.record; });
  std::ranges::stable_sort(
      notifications_, std::ranges::greater(),
      [](const NotificationItem& item) { return item.record->received_at_ms; });
  return {};
}

void write_fact(base::JsonWriter& json, const std::optional<storage::LedgerFact>& fact) {
  if (!fact) {
    json.null("fact");
    return;
  }
  json.begin("fact")
      .text("kind", fact->kind)
      .text("stock_id", fact->stock_id)
      .text("coupon", fact->coupon)
      .text("transaction_id", fact->transaction_id)
      .text("business_key", fact->business_key)
      .text("occurred_at", fact->occurred_at)
      .end();
}

std::string SearchResult::json() const {
  base::JsonWriter json;
  json.begin().begin_list("items");
  for (const CouponItem& item : coupons_) {
    json.begin().text("kind", "coupon").text("matched", item.matched).begin("coupon");
    write_coupon(json, item.key.stock_id, item.key.coupon, item.records);
    json.end().end();
  }
  for (const NotificationItem& item : notifications_) {
    json.begin().text("kind", "notification").text("matched", item.matched).begin("notification");
    write_without_content(json, *item.record);
    json.end();
    write_fact(json, item.fact);
    json.end();
  }
  json.end_list().boolean("more", more_);
  if (cursor_.empty()) {
    json.null("next_cursor");
  } else {
    json.text("next_cursor", cursor_);
  }
  return json.end().take();
}

}  // namespace

Reply search_reply(storage::Reader& reader, const base::RequestTarget& target) {
  const Parsed parsed = parse(target);
  if (const auto* wrong = std::get_if<std::string_view>(&parsed)) {
    return error(400, "PARAM_ERROR", *wrong);
  }
  SearchResult result(reader);
  if (auto filled = result.fill(std::get<storage::SearchRequest>(parsed)); !filled) {
    return store_failed(filled.error());
  }
  return json_reply(200, result.json());
}

}  // namespace couponhook::server
