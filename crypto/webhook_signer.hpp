#pragma once

/// \file
/// Signs the webhooks that couponhook sends, by the Standard Webhooks specification.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// Makes HMAC-SHA256 signatures over "id.timestamp.body", one signature for each configured secret.
/// While a user replaces a secret, both the old and the new secret are configured, and the receiver
/// of the webhook can verify with either of them.
///
/// Source: standardwebhooks.com, "Signature scheme", symmetric signatures (v1).
/// Thread-safe: sign() is const and keeps no state between calls.
class WebhookSigner {
 public:
  /// Makes a signer from the content of a secret file.
  /// \param secrets one or more secrets, separated by white space, normally one per line. A secret
  ///   is "whsec_" followed by canonical base64 of 24 to 128 bytes. Any other text is refused:
  ///   libraries for Standard Webhooks base64-decode a secret, so with any other form the receiver
  ///   would compute a different key.
  /// \return the signer, or an error message. The message describes the fault and the correct form,
  ///   and contains nothing of the secret.
  [[nodiscard]] static boost::system::result<WebhookSigner, std::string> from_text(
      std::string_view secrets);

  /// Signs one webhook.
  /// \return the value of the webhook-signature header: one "v1,<base64>" for each secret,
  ///   separated by spaces.
  [[nodiscard]] std::string sign(std::string_view id, std::int64_t timestamp_s,
                                 std::string_view body) const;

 private:
  explicit WebhookSigner(std::vector<Secret> keys) : keys_(std::move(keys)) {}

  std::vector<Secret> keys_;
};

}  // namespace couponhook::crypto
