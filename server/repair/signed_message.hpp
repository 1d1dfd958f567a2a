#pragma once

/// \file
/// The parts of a request that decide whether its signature is right, as texts that a repair can
/// change.

#include <string>

namespace couponhook::server {

struct SignedMessage {
  std::string timestamp;       ///< value of the header Wechatpay-Timestamp
  std::string nonce;           ///< value of the header Wechatpay-Nonce
  std::string serial;          ///< value of the header Wechatpay-Serial
  std::string signature;       ///< value of the header Wechatpay-Signature
  std::string signature_type;  ///< value of the header Wechatpay-Signature-Type; usually empty
  std::string body;

  bool operator==(const SignedMessage&) const = default;
};

}  // namespace couponhook::server
