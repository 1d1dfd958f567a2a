#pragma once

/// \file
/// Signs what is sent to a merchant's own systems, as the Standard Webhooks specification says.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// HMAC-SHA256 over "id.timestamp.body", once for each secret: while a secret is being replaced,
/// the receiver finds a signature by whichever of the two it knows.
///
/// Source: standardwebhooks.com, "Signature scheme", symmetric signatures (v1).
/// Thread-safe: sign() is const and keeps no state between calls.
class WebhookSigner {
 public:
  /// \param secrets separated by white space, normally one to a line: "whsec_" and canonical base64
  ///   of 24 to 128 bytes. Anything else is refused rather than taken for a key that no receiver
  ///   has: the libraries of the specification decode base64, with or without the prefix.
  /// \return an error that says what the text looks like and how to write it, and holds nothing of
  ///   the secret.
  [[nodiscard]] static boost::system::result<WebhookSigner, std::string> from_text(
      std::string_view secrets);

  /// The value of the webhook-signature header: "v1,<base64>", several separated by a space.
  [[nodiscard]] std::string sign(std::string_view id, std::int64_t timestamp_s,
                                 std::string_view body) const;

 private:
  explicit WebhookSigner(std::vector<Secret> keys) : keys_(std::move(keys)) {}

  std::vector<Secret> keys_;
};

}  // namespace couponhook::crypto
