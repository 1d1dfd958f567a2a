#pragma once

/// \file
/// Verifies the Authorization header of a request and returns the merchant that signed it.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/rsa_public_key.hpp"
#include "sandbox/api_error.hpp"
#include "sandbox/records.hpp"

namespace couponhook::server::sandbox {

/// The parts of a request, as received, that the signature covers or that WeChat Pay requires.
struct SignedRequest {
  std::string_view method;
  std::string_view target;  ///< path and query, not decoded
  std::string_view body;
  std::string_view authorization;
  std::string_view accept;
  std::string_view user_agent;
};

/// The public key that verifies a merchant's requests.
struct ApiKey {
  std::string serial;  ///< serial of the merchant API certificate
  crypto::RsaPublicKey key;
};

/// Verifies RSA-SHA256 over "METHOD\ntarget\ntimestamp\nnonce\nbody\n" (protocol reference, section
/// 4). Before that, makes the checks that WeChat Pay makes first: the Accept and User-Agent
/// headers, the form of the Authorization header, the timestamp (5 minutes of tolerance), the
/// certificate's serial.
///
/// \param keys by mchid.
/// \return the mchid. If the signature is wrong, the error's detail shows the beginning of the
/// message that the signature must cover, as WeChat Pay does.
[[nodiscard]] Result<std::string> authorize(const SignedRequest& request,
                                            const std::map<std::string, ApiKey>& keys, Time now);

}  // namespace couponhook::server::sandbox
