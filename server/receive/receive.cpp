#include "server/receive/receive.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include <boost/algorithm/string/join.hpp>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/json_writer.hpp"
#include "crypto/digest.hpp"
#include "crypto/signature_verifier.hpp"
#include "handlers/coupon_event.hpp"
#include "handlers/event_catalogue.hpp"
#include "handlers/json_fields.hpp"
#include "handlers/ledger.hpp"
#include "server/receive/fact_form.hpp"
#include "server/receive/open_resource.hpp"

namespace couponhook::server {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr std::string_view kApiV2Hint =
    "the body is XML of WeChat Pay's API v2, and this path takes notifications of APIv3; set the "
    "notify_url of the APIv2 product to another URL";
constexpr std::string_view kProxyHint =
    "none of the Wechatpay-* headers arrived: a proxy or CDN in front of this server probably "
    "strips "
    "them; let them through";

crypto::SignedParts signed_parts(const Request& request) {
  return {
      request.headers.find("Wechatpay-Timestamp"),      request.headers.find("Wechatpay-Nonce"),
      request.headers.find("Wechatpay-Serial"),         request.headers.find("Wechatpay-Signature"),
      request.headers.find("Wechatpay-Signature-Type"), request.body};
}

/// Lists the signature headers that a request lacks, so that an operator can find the proxy that
/// removes them.
std::string missing_headers(const crypto::SignedParts& parts) {
  const std::array<std::pair<std::string_view, std::string_view>, 4> headers{{
      {"Wechatpay-Timestamp", parts.timestamp},
      {"Wechatpay-Nonce", parts.nonce},
      {"Wechatpay-Serial", parts.serial},
      {"Wechatpay-Signature", parts.signature},
  }};
  std::vector<std::string> missing;
  for (const auto& [name, value] : headers) {
    if (value.empty()) missing.emplace_back(name);
  }
  if (missing.size() == headers.size()) {
    const bool is_xml =
        parts.body.substr(0, parts.body.find_first_not_of(" \t\r\n") + 1).ends_with('<');
    return std::string(is_xml ? kApiV2Hint : kProxyHint);
  }
  return "the request lacks " + boost::algorithm::join(missing, ", ") +
         "; WeChat Pay sends four Wechatpay-* headers";
}

/// Explains by how many seconds the timestamp of a request is wrong, so that an operator recognizes
/// a wrong clock and does not suspect an attack.
std::string wrong_time(std::string_view timestamp, const Merchant& merchant,
                       std::chrono::sys_seconds now) {
  const auto sent = crypto::parse_timestamp(timestamp);
  if (!sent) return "Wechatpay-Timestamp is no number of seconds since 1970";
  // Both times (seconds since 1970) are not negative, so the subtraction cannot overflow.
  const std::int64_t behind = now.time_since_epoch().count() - *sent;
  return "Wechatpay-Timestamp is " + std::to_string(std::abs(behind)) + " s " +
         (behind > 0 ? "behind" : "ahead of") + " this server's clock, and " +
         std::to_string(merchant.timestamp_tolerance.count()) + " s are allowed";
}

Refused refuse(crypto::VerifyError error, const crypto::SignedParts& parts,
               const Merchant& merchant, std::chrono::sys_seconds now) {
  using enum crypto::VerifyError;
  switch (error) {
    case kHeadersMissing:
      return {Verdict::kHeadersMissing, missing_headers(parts)};
    case kTimestampInvalid:
      return {Verdict::kTimestampInvalid, wrong_time(parts.timestamp, merchant, now)};
    case kSerialUnknown:
      return {Verdict::kSerialUnknown, {}};
    case kProbe:
      return {Verdict::kProbe, {}};
    case kUnknownAlgorithm:
    case kSignatureEncoding:
    case kSignatureMismatch:
      break;
  }
  return {Verdict::kSignatureInvalid, {}};
}

/// Returns the signature headers of a request as JSON. The headers are stored together with a
/// quarantined body (one that could not be decrypted), because a later attempt to decrypt the body
/// verifies the signature again.
std::string headers_json(const crypto::SignedParts& parts) {
  base::JsonWriter json;
  return json.begin()
      .text("Wechatpay-Timestamp", parts.timestamp)
      .text("Wechatpay-Nonce", parts.nonce)
      .text("Wechatpay-Serial", parts.serial)
      .text("Wechatpay-Signature", parts.signature)
      .end()
      .take();
}

ToQuarantine quarantine(Verdict verdict, std::string detail, const crypto::SignedParts& parts,
                        const Merchant& merchant, system_clock::time_point now) {
  storage::Quarantined record;
  record.mchid = merchant.mchid;
  record.reason = row(verdict).code;
  record.detail = std::move(detail);
  record.headers = headers_json(parts);
  record.body = parts.body;
  record.body_digest = crypto::sha256(parts.body);
  record.received_at_ms = base::to_unix_ms(now);
  return {verdict, std::move(record)};
}

/// Returns, as JSON, those fields of a notification's envelope (the unencrypted part) that have no
/// column of their own in the database.
std::string envelope_json(const handlers::Notification& notification) {
  base::JsonWriter json;
  json.begin()
      .optional_text("summary", notification.summary)
      .optional_text("resource_type", notification.resource_type)
      .optional_text("original_type", notification.resource.original_type);
  if (!notification.unknown_fields.empty()) {
    json.object("unknown_fields", notification.unknown_fields);
  }
  return json.end().take();
}

storage::LedgerFact ledger_fact(handlers::LedgerEntry&& entry) {
  storage::LedgerFact fact{.kind = std::string(base::to_string(entry.kind)),
                           .stock_id = std::move(entry.stock_id),
                           .coupon = std::move(entry.coupon),
                           .transaction_id = std::move(entry.transaction_id),
                           .business_key = std::move(entry.business_key),
                           .occurred_at = std::move(entry.occurred_at),
                           .out_refund_no = std::move(entry.out_refund_no),
                           .shares = std::move(entry.shares)};
  fact.set_amounts(entry.amounts);
  return fact;
}

/// Returns the ordering key for the deliveries of an event: deliveries with the same key are made
/// one after the other. Events of one coupon have the same key. A refund names no coupon, so the
/// key of a refund is its transaction.
std::string ordering_key(const std::optional<handlers::LedgerEntry>& entry,
                         const std::string& notification_id) {
  if (!entry) return notification_id;
  if (entry->coupon.empty()) return entry->transaction_id;
  return entry->stock_id + "/" + entry->coupon;
}

/// Returns the openid in an event; empty if the event names no user. Events other than those of
/// coupons have it in a field of the same name.
std::string openid_of(const handlers::CouponEvent& event, std::string_view resource,
                      const base::JsonLimits& limits) {
  if (const auto* issued = std::get_if<handlers::CouponIssued>(&event)) return issued->openid;
  if (!std::holds_alternative<handlers::OtherEvent>(event)) return {};
  const auto object = base::parse_object(resource, limits);
  if (!object) return {};
  return handlers::JsonFields(&object->value()).text("openid");
}

/// Returns the digest under which the store finds the notifications of a user.
std::optional<storage::OpenidDigest> openid_digest(const std::string& openid) {
  if (openid.empty()) return std::nullopt;
  const crypto::Sha256 whole = crypto::sha256(openid);
  storage::OpenidDigest digest{};
  std::copy_n(whole.begin(), digest.size(), digest.begin());
  return digest;
}

/// Marks the deliveries that the HTTP reply waits for. These deliveries are stored with a lease for
/// this replica, so that no other replica takes them between the commit and the call of the
/// handler.
void ask_for_handling(ToAdmit& admit, const ReceiveRules& rules) {
  for (storage::NewDelivery& delivery : admit.admission.deliveries) {
    const auto awaited = rules.awaited.find(delivery.handler);
    if (awaited == rules.awaited.end()) continue;
    delivery.leased = true;
    admit.awaited.emplace_back(*awaited);
  }
}

}  // namespace

Examined examine(const Request& request, const Merchant& merchant, const ReceiveRules& rules,
                 system_clock::time_point now, steady_clock::duration* check_time) {
  const crypto::SignedParts parts = signed_parts(request);
  const auto now_s = std::chrono::floor<std::chrono::seconds>(now);
  const auto begun = check_time ? steady_clock::now() : steady_clock::time_point();
  const auto verified =
      crypto::verify_signature(merchant.platform_keys, parts, merchant.timestamp_tolerance, now_s);
  const bool is_checked = verified || verified.error() == crypto::VerifyError::kSignatureMismatch;
  if (check_time != nullptr && is_checked) *check_time = steady_clock::now() - begun;
  if (!verified) return refuse(verified.error(), parts, merchant, now_s);

  auto notification = handlers::parse_notification(request.body, rules.json);
  if (!notification) {
    return quarantine(Verdict::kEnvelopeInvalid, notification.error().message, parts, merchant,
                      now);
  }

  auto resource = open_resource(notification->resource, merchant.ciphers);
  if (!resource) {
    auto sealed = quarantine(Verdict::kDecryptFailed, resource.error(), parts, merchant, now);
    sealed.record.id = std::move(notification->id);
    sealed.record.event_type = std::move(notification->event_type);
    return sealed;
  }

  ToAdmit admit = make_admission(std::move(*notification), std::move(resource->plaintext),
                                 merchant.mchid, "notification", rules, now);
  ask_for_handling(admit, rules);
  return admit;
}

ToAdmit make_admission(handlers::Notification&& notification, std::string&& resource,
                       std::string_view mchid, std::string_view source, const ReceiveRules& rules,
                       system_clock::time_point now) {
  ToAdmit result;
  const bool known = handlers::event_kind(notification.event_type) != handlers::EventKind::kUnknown;
  result.verdict_if_new = known ? Verdict::kStored : Verdict::kStoredUnknownType;

  storage::Admission& admission = result.admission;
  auto [event, flaw] = handlers::read_flawed_event(notification.event_type, resource, rules.json);
  if (const auto* other = std::get_if<handlers::OtherEvent>(&event)) {
    result.unreadable = other->unreadable;
    if (!result.unreadable.empty()) {
      result.verdict_if_new = Verdict::kStoredUnreadable;
      admission.flaw.append(storage::flaw::kUnreadable).append(result.unreadable);
    }
  } else {
    // An event with a valid signature is stored even if its fields have unusual forms; the unusual
    // form is only recorded together with the event.
    const std::string unusual = find_unusual_field(event);
    if (!flaw.empty() && !unusual.empty()) flaw += "; ";
    flaw += unusual;
    if (!flaw.empty()) admission.flaw.append(storage::flaw::kHarmless).append(flaw);
  }
  admission.openid_digest = openid_digest(openid_of(event, resource, rules.json));
  auto entry = handlers::ledger_entry(std::move(event), notification.create_time);

  for (std::string_view handler : rules.outward.match(notification.event_type)) {
    admission.deliveries.push_back({std::string(handler), ordering_key(entry, notification.id)});
  }
  if (entry && !rules.ledger.match(notification.event_type).empty()) {
    admission.fact = ledger_fact(std::move(*entry));
  }
  admission.mchid = mchid;
  admission.source = source;
  admission.envelope = envelope_json(notification);
  admission.id = std::move(notification.id);
  admission.event_type = std::move(notification.event_type);
  admission.create_time = std::move(notification.create_time);
  admission.digest = crypto::sha256(resource);
  admission.resource = std::move(resource);
  admission.received_at_ms = base::to_unix_ms(now);
  return result;
}

Verdict conclude(const Examined& examined, storage::AdmitOutcome outcome) {
  using enum storage::AdmitOutcome;
  if (outcome == kFailed) return Verdict::kStoreUnavailable;
  if (const auto* refused = std::get_if<Refused>(&examined)) return refused->verdict;
  if (const auto* sealed = std::get_if<ToQuarantine>(&examined)) return sealed->verdict;
  if (outcome == kDuplicate) return Verdict::kDuplicate;
  if (outcome == kConflict) return Verdict::kConflict;
  return std::get<ToAdmit>(examined).verdict_if_new;
}

bool waits_for_handlers(Verdict committed, const ToAdmit& admitted) {
  return !admitted.awaited.empty() &&
         (committed == admitted.verdict_if_new || committed == Verdict::kDuplicate);
}

Verdict conclude_handling(Verdict committed, Handled result) {
  switch (result) {
    case Handled::kDone:
      return committed;
    case Handled::kFailed:
      return Verdict::kHandlerFailed;
    case Handled::kNotYet:
      break;
  }
  return committed == Verdict::kDuplicate ? Verdict::kInProgress : Verdict::kHandlerFailed;
}

}  // namespace couponhook::server
