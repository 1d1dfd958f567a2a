#pragma once

/// \file
/// Parses the envelope (the JSON body) of a notification: id, event type and encrypted resource.

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "base/json.hpp"

namespace couponhook::handlers {

/// The resource (encrypted part) of a notification, as received and still encrypted.
struct SealedResource {
  /// Encryption algorithm of the notification: AEAD_AES_256_GCM. couponhook cannot decrypt a
  /// notification with any other algorithm.
  std::string algorithm;
  std::string nonce;  ///< nonce of the AES-GCM encryption of the notification, 12 bytes
  /// Associated data of the AES-GCM encryption of the notification; empty if the field is missing,
  /// null or "".
  std::string associated_data;
  /// Base64 of the encrypted part of the notification, with the authentication tag at its end.
  std::string ciphertext;
  /// Type of the notification's content before encryption, such as "coupon"; empty if missing.
  std::string original_type;
};

/// A notification as WeChat Pay posts it.
///
/// Parsing accepts many errors in fields that only describe the notification: summary, create_time,
/// resource_type and original_type may be missing or have any value, because a refused notification
/// can be lost for good. A value that is not a string of sensible length is kept in unknown_fields.
/// Parsing is strict for the other fields: id and event_type must be identifiers, the encrypted
/// parts must be present, and associated_data must be a string or missing.
/// Source: WeChat Pay's documentation, the "callback notification" pages.
struct Notification {
  /// Id of the notification: 1 to 64 visible ASCII characters. Every copy of a notification has the
  /// same id.
  std::string id;
  /// Event type of the notification, such as COUPON.USE: 1 to 64 characters of A-Z, a-z, 0-9, '.',
  /// '_' and '-'.
  std::string event_type;
  std::string create_time;  ///< time of the event as text, as WeChat Pay wrote it; at most 64 bytes
  std::string resource_type;
  std::string summary;
  SealedResource resource;
  /// All JSON fields of the notification that have no member in this struct, as the text of a JSON
  /// object; empty if there are no such fields.
  std::string unknown_fields;
};

/// Reasons why an HTTP body with a valid signature is not a notification.
enum class EnvelopeError : std::uint8_t {
  kJson = 1,          ///< the body is not a JSON object, or parse_object() refuses it
  kFieldMissing = 2,  ///< a required field of the notification is missing, null or empty
  kFieldType = 3,     ///< a field of the notification has a JSON type other than the documented one
  kFieldValue = 4,    ///< a field of the notification is too long or has forbidden characters
};

/// An error, with the name of the bad field in the notification, such as "resource.nonce". Safe to
/// log, because it contains no values of the notification.
struct EnvelopeProblem {
  EnvelopeError error;
  std::string message;
};

/// Parses the HTTP body of a notification whose signature was already verified. Thread-safe.
/// \return the notification, or the first problem found in it.
[[nodiscard]] boost::system::result<Notification, EnvelopeProblem> parse_notification(
    std::string_view body, const base::JsonLimits& limits);

}  // namespace couponhook::handlers
