#pragma once

/// \file
/// Parses the envelope of a notification: its id, event type and encrypted resource.

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "base/json.hpp"

namespace couponhook::handlers {

/// The encrypted resource of a notification, as received.
struct SealedResource {
  std::string algorithm;        ///< AEAD_AES_256_GCM; other algorithms cannot be decrypted
  std::string nonce;            ///< nonce of the encryption, 12 bytes
  std::string associated_data;  ///< empty if missing, null or ""
  std::string ciphertext;       ///< base64 of the ciphertext followed by the tag
  std::string original_type;    ///< type of the resource before encryption; empty if missing
};

/// A notification as WeChat Pay posts it.
///
/// Lenient for descriptive fields: summary, create_time, resource_type and original_type may be
/// missing or have any value, because a refused notification can be lost for good. A value that is
/// not a string of sensible length is kept in unknown_fields. Strict for the other fields: id and
/// event_type must be identifiers, the encrypted parts must be present, and associated_data must be
/// a string or missing.
/// Source: wechatpay-protocol section 1.8, after the official "callback notification" pages.
struct Notification {
  std::string id;           ///< 1 to 64 visible ASCII characters, the same in every copy
  std::string event_type;   ///< 1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and '-'
  std::string create_time;  ///< as received, at most 64 bytes
  std::string resource_type;
  std::string summary;
  SealedResource resource;
  /// All fields of the envelope that have no member here, as a JSON object; empty if there are
  /// none.
  std::string unknown_fields;
};

/// Reasons why a signed body is not a notification.
enum class EnvelopeError : std::uint8_t {
  kJson = 1,          ///< not a JSON object, or one that parse_object() refuses
  kFieldMissing = 2,  ///< a required field is absent, null or empty
  kFieldType = 3,     ///< a field has a JSON type other than the documented one
  kFieldValue = 4,    ///< a field is too long or has forbidden characters
};

/// An error with the name of the bad field ("resource.nonce"). Safe to log: contains no values of
/// the notification.
struct EnvelopeProblem {
  EnvelopeError error;
  std::string message;
};

/// Parses the body of a request whose signature has been verified. Thread-safe.
[[nodiscard]] boost::system::result<Notification, EnvelopeProblem> parse_notification(
    std::string_view body, const base::JsonLimits& limits);

}  // namespace couponhook::handlers
