#include "server/capture/verification.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/wechat_time.hpp"
#include "crypto/digest.hpp"
#include "crypto/signature_verifier.hpp"
#include "server/receive/open_resource.hpp"
#include "server/repair/find_repair.hpp"

namespace couponhook::server {
namespace {

using std::chrono::sys_seconds;
using std::chrono::system_clock;

/// Describes a length of time in its largest unit, such as "3 days".
std::string describe_age(std::int64_t seconds) {
  struct Unit {
    std::int64_t seconds;
    std::string_view name;
  };
  constexpr std::array<Unit, 3> kUnits{{{86400, "day"}, {3600, "hour"}, {60, "minute"}}};
  for (const Unit& unit : kUnits) {
    if (seconds < unit.seconds) continue;
    const std::int64_t count = seconds / unit.seconds;
    return std::to_string(count) + " " + std::string(unit.name) + (count == 1 ? "" : "s");
  }
  return std::to_string(seconds) + " s";
}

/// Returns true if the body is the XML of API v2, which is signed in another way.
bool is_xml(std::string_view body) {
  const auto first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && body[first] == '<';
}

/// Verifies one captured request; each function is one step.
class Verifier {
 public:
  Verifier(const CapturedRequest& request, const VerificationKeys& keys,
           system_clock::time_point now)
      : request_(request), keys_(keys), now_(std::chrono::floor<std::chrono::seconds>(now)) {
    result_.source = request.source;
    message_ = request.signed_message();
  }

  Verification run() {
    check_capture();
    check_headers();
    check_time();
    check_serial();
    check_signature();
    check_content();
    conclude();
    return std::move(result_);
  }

 private:
  void step(std::string_view name, bool ok, std::string detail) {
    result_.steps.push_back({name, ok, std::move(detail)});
  }
  /// Sets the cause of the refusal, unless an earlier step found one.
  void blame(std::string cause, std::string repair) {
    if (!result_.cause.empty()) return;
    result_.cause = std::move(cause);
    result_.repair = std::move(repair);
  }

  void check_capture() {
    std::string detail = request_.form + ", " + std::to_string(request_.body.size()) +
                         " bytes of body, SHA-256 " + crypto::to_hex(crypto::sha256(request_.body));
    if (const auto coding = request_.find("Content-Encoding"); !coding.empty()) {
      detail += ", Content-Encoding " + std::string(coding);
    }
    if (request_.promised_bytes) {
      detail += "; Content-Length promises " + std::to_string(*request_.promised_bytes) +
                " bytes: the body was truncated";
    }
    step("capture", !request_.promised_bytes, std::move(detail));
  }

  void check_headers() {
    struct Header {
      std::string_view name;
      const std::string& value;
    };
    const std::array<Header, 4> headers{{{"Wechatpay-Timestamp", message_.timestamp},
                                         {"Wechatpay-Nonce", message_.nonce},
                                         {"Wechatpay-Serial", message_.serial},
                                         {"Wechatpay-Signature", message_.signature}}};
    std::string missing;
    for (const Header& header : headers) {
      if (!header.value.empty()) continue;
      missing += (missing.empty() ? "" : ", ") + std::string(header.name);
    }
    if (missing.empty()) return step("headers", true, "all four Wechatpay-* headers are there");
    step("headers", false, "missing: " + missing);
    if (is_xml(request_.body)) {
      blame("the body is XML of WeChat Pay's API v2, which has no Wechatpay-* headers",
            "set the notify_url of the APIv3 product to this path, and that of API v2 to its own");
    } else {
      blame("headers are missing: " + missing,
            "let the proxy or CDN in front of couponhook pass all Wechatpay-* headers; if the "
            "capture is a log, add them to its format");
    }
  }

  void check_time() {
    if (message_.timestamp.empty()) return;
    const auto sent = crypto::parse_timestamp(message_.timestamp);
    own_time_ = sent ? sys_seconds(std::chrono::seconds(*sent)) : now_;
    if (!sent) return step("time", false, "Wechatpay-Timestamp is no number of seconds since 1970");
    const std::int64_t age = now_.time_since_epoch().count() - *sent;
    const auto tolerance = keys_.merchant.timestamp_tolerance;
    std::string detail = "sent at " + base::format_wechat_time(own_time_) + ", " +
                         describe_age(std::abs(age)) + (age < 0 ? " in the future" : " ago");
    if (std::abs(age) > tolerance.count()) {
      detail += ": a service refuses it now, because more than " +
                std::to_string(tolerance.count()) +
                " s have passed; the steps below use its own time";
    }
    step("time", true, std::move(detail));
  }

  void check_serial() {
    if (message_.serial.empty()) return;
    for (const crypto::KeyInfo& key : keys_.merchant.platform_keys.list()) {
      if (!crypto::is_same_serial(key.serial, message_.serial)) continue;
      const bool expired = key.expires_at && own_time_ > *key.expires_at;
      std::string detail = "known: " + std::string(crypto::to_string(key.kind)) + " " + key.serial;
      if (expired) detail += ", but the certificate had expired at the time of the request";
      step("serial", !expired, std::move(detail));
      if (expired) blame("the platform certificate had expired", kFetchAdvice);
      return;
    }
    serial_unknown_ = true;
    step("serial", false,
         "not known: " + message_.serial.substr(0, kSerialShownMax) +
             "; known are: " + known_serials());
  }

  [[nodiscard]] std::string known_serials() const {
    std::string serials;
    for (const crypto::KeyInfo& key : keys_.merchant.platform_keys.list()) {
      serials += (serials.empty() ? "" : ", ") + key.serial;
    }
    return serials.empty() ? "none" : serials;
  }

  void check_signature() {
    if (message_.signature.empty()) return;
    if (!message_.signature_type.empty() &&
        message_.signature_type != "WECHATPAY2-SHA256-RSA2048") {
      step("signature", false, "Wechatpay-Signature-Type is not WECHATPAY2-SHA256-RSA2048");
      return blame("the signature was made with another algorithm (Wechatpay-Signature-Type)",
                   "choose RSA with SHA-256 in the merchant console");
    }
    const crypto::SignedParts parts{message_.timestamp, message_.nonce,          message_.serial,
                                    message_.signature, message_.signature_type, message_.body};
    const auto verified = crypto::verify_signature(keys_.merchant.platform_keys, parts,
                                                   keys_.merchant.timestamp_tolerance, own_time_);
    if (verified) return step("signature", true, "right");
    if (verified.error() == crypto::VerifyError::kProbe) {
      step("signature", false, "wrong on purpose");
      return blame("WeChat Pay's test of the signature check (WECHATPAY/SIGNTEST/…)",
                   "nothing to repair: WeChat Pay sends the notification again, signed");
    }
    explain_signature();
  }

  /// Searches for the change that made the signature wrong.
  void explain_signature() {
    RepairSearch found = find_repair(keys_.merchant.platform_keys, message_, {});
    if (found.repair) {
      const auto& damages = found.repair->damages;
      if (request_.form == kTcpdumpForm && damages.size() == 1 &&
          damages.front().damage == Damage::kCharactersLost) {
        step("signature", true,
             "right with the summary, which tcpdump -A does not print, restored");
        message_ = std::move(found.repair->message);
        restored_body_ = message_.body;
        return;
      }
      std::string cause = describe(damages);
      step("signature", false, "wrong, but right if this is undone: " + cause);
      if (!damages.empty())
        blame(std::move(cause), std::string(row(damages.front().damage).remedy));
      message_ = std::move(found.repair->message);
      serial_unknown_ = false;
      return;
    }
    if (serial_unknown_) {
      step("signature", false,
           "cannot be checked without the key " + message_.serial.substr(0, kSerialShownMax));
      return blame("the platform key of Wechatpay-Serial is not known here",
                   message_.serial.starts_with("PUB_KEY_ID_")
                       ? "download this WeChat Pay public key in the merchant console, and "
                         "configure it as merchant.platform_public_key"
                       : kFetchAdvice);
    }
    const bool truncated = request_.promised_bytes.has_value() && !found.signer.empty();
    const FoundDamage damage =
        truncated ? FoundDamage{Damage::kBodyTruncated, "by the proxy or the capture"}
                  : found.unrepaired;
    if (damage.damage == Damage::kUnknown && found.signer.empty()) {
      step("signature", false, "wrong: no key that is known here made it");
      return blame(
          "no known platform key made this signature: it is forged, was changed, or "
          "belongs to another merchant",
          "check that Wechatpay-Signature and Wechatpay-Serial arrive unchanged, and that "
          "the keys are this merchant's");
    }
    step("signature", false,
         found.signer.empty()
             ? "wrong: " + describe({damage})
             : "made by WeChat Pay with " + found.signer +
                   ", but over another body or other headers: " + describe({damage}));
    blame(describe({damage}), std::string(row(damage.damage).remedy));
  }

  void check_content() {
    auto notification = handlers::parse_notification(message_.body, keys_.rules.json);
    if (!notification) {
      step("resource", false, "the body is no notification: " + notification.error().message);
      if (is_xml(message_.body)) {
        blame("the body is XML of WeChat Pay's API v2", "use the APIv3 product's notify_url");
      } else {
        blame("the body is no notification: " + notification.error().message, "");
      }
      return;
    }
    auto opened = open_resource(notification->resource, keys_.merchant.ciphers);
    if (!opened) {
      step("resource", false, "cannot be decrypted: " + opened.error());
      return blame("the resource cannot be decrypted: " + opened.error(),
                   "configure the APIv3 key (not the API v2 key) that was valid when the "
                   "notification was made; during a change of keys, both");
    }
    const auto& names = keys_.api_v3_key_names;
    step("resource", true,
         "opens with the APIv3 key " +
             (opened->key < names.size() ? names[opened->key] : std::to_string(opened->key + 1)));
    read_event(std::move(*notification), std::move(opened->plaintext));
  }

  void read_event(handlers::Notification&& notification, std::string&& resource) {
    ToAdmit admit = make_admission(std::move(notification), std::move(resource),
                                   keys_.merchant.mchid, "notification", keys_.rules, own_time_);
    storage::Admission& admission = admit.admission;
    step("event", admit.unreadable.empty(),
         admission.event_type + " " + admission.id +
             (admission.flaw.empty() ? "" : ": " + admission.flaw));
    if (admission.fact) {
      const storage::LedgerFact& fact = *admission.fact;
      step("fact", true, fact.kind + " " + fact.business_key);
    } else {
      step("fact", true, "none: the event changes no coupon, or no ledger handler takes it");
    }
    result_.event = {std::move(admission.id), std::move(admission.event_type),
                     std::move(admission.create_time), std::move(admission.flaw)};
    result_.fact = std::move(admission.fact);
  }

  /// Determines the reply with the code that the service uses, at the time of the request.
  void conclude() {
    const std::string& body = restored_body_.empty() ? request_.body : restored_body_;
    const Examined examined = examine({"POST", request_.target, request_, body, {}}, keys_.merchant,
                                      keys_.rules, own_time_);
    if (const auto* refused = std::get_if<Refused>(&examined)) {
      result_.verdict = refused->verdict;
    } else if (const auto* sealed = std::get_if<ToQuarantine>(&examined)) {
      result_.verdict = sealed->verdict;
    } else {
      result_.verdict = std::get<ToAdmit>(examined).verdict_if_new;
    }
    const VerdictRow& entry = row(result_.verdict);
    const bool stored = result_.would_be_stored();
    step("reply", stored,
         (stored ? "204 or 200" : std::to_string(entry.status)) + " " + std::string(entry.code));
    if (stored) {
      result_.cause.clear();
      result_.repair.clear();
    } else {
      blame(std::string(entry.message), "");
    }
  }

  static constexpr std::size_t kSerialShownMax = 64;
  static constexpr const char* kFetchAdvice =
      "fetch the platform certificates with `couponhook certificates fetch`, or download the new "
      "one in the merchant console";

  const CapturedRequest& request_;
  /// Body with what the capture could not hold; empty if the capture holds the whole body.
  std::string restored_body_;
  const VerificationKeys& keys_;
  sys_seconds now_;
  sys_seconds own_time_ = now_;
  SignedMessage message_;  ///< the signed parts; repaired ones after a repair was found
  bool serial_unknown_ = false;
  Verification result_;
};

}  // namespace

bool Verification::would_be_stored() const {
  return row(verdict).status == kSuccessStatus;
}

Verification verify_capture(const CapturedRequest& request, const VerificationKeys& keys,
                            system_clock::time_point now) {
  return Verifier(request, keys, now).run();
}

}  // namespace couponhook::server
