#pragma once

/// \file
/// The envelope of a notification: who it is, and a sealed resource.

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "base/json.hpp"

namespace couponhook::handlers {

/// The encrypted part, as it came.
struct SealedResource {
  std::string algorithm;        ///< AEAD_AES_256_GCM; another one cannot be opened
  std::string nonce;            ///< 12 bytes
  std::string associated_data;  ///< empty where missing, null or ""
  std::string ciphertext;       ///< base64
  std::string original_type;    ///< the resource's type before sealing; empty where missing
};

/// A notification as WeChat Pay posts it.
///
/// Lenient where real traffic is: summary, create_time, resource_type and original_type may be
/// missing or be anything at all (what is no text of a sensible length is kept as an unknown
/// field), since a copy refused for them would be money lost. Strict on what decides: id and
/// event_type are identifiers, the sealed parts are there, associated_data is a string or missing.
/// Source: wechatpay-protocol section 1.8, after the official "callback notification" pages.
struct Notification {
  std::string id;           ///< 1 to 64 visible ASCII characters, the same for every copy
  std::string event_type;   ///< 1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and '-'
  std::string create_time;  ///< as sent, at most 64 bytes
  std::string resource_type;
  std::string summary;
  SealedResource resource;
  /// The envelope's fields that have no member here, as a JSON object; empty where there are none.
  std::string unknown_fields;
};

/// Why a signed body is not a notification.
enum class EnvelopeError : std::uint8_t {
  kJson = 1,          ///< not an acceptable JSON object
  kFieldMissing = 2,  ///< a field that decides is absent, null or empty
  kFieldType = 3,     ///< a field has another JSON type than documented
  kFieldValue = 4,    ///< a field is too long or has characters it cannot have
};

/// An error with the field at fault ("resource.nonce"), fit for logs: it holds no content.
struct EnvelopeProblem {
  EnvelopeError error;
  std::string message;
};

/// Parses the body of a request whose signature has been verified. Thread-safe.
[[nodiscard]] boost::system::result<Notification, EnvelopeProblem> parse_notification(
    std::string_view body, const base::JsonLimits& limits);

}  // namespace couponhook::handlers
