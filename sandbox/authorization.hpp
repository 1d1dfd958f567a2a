#pragma once

/// \file
/// Verifies the signature in the Authorization header of an API request, and finds the merchant
/// that signed the request.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/rsa_public_key.hpp"
#include "sandbox/api_error.hpp"
#include "sandbox/records.hpp"

namespace couponhook::server::sandbox {

/// The parts of a received request that the merchant's signature covers, or that WeChat Pay
/// requires.
struct SignedRequest {
  std::string_view method;
  std::string_view target;  ///< path and query of the request, not percent-decoded
  std::string_view body;
  std::string_view authorization;
  std::string_view accept;
  std::string_view user_agent;
};

/// The public key that verifies the signatures of one merchant's API requests.
struct ApiKey {
  std::string serial;  ///< serial number of the merchant's API certificate (商户API证书)
  crypto::RsaPublicKey key;
};

/// Verifies the RSA-SHA256 signature of a request over "METHOD\ntarget\ntimestamp\nnonce\nbody\n".
/// Before that, makes the checks that WeChat Pay makes first: the Accept and User-Agent headers,
/// the form of the Authorization header, the timestamp (5 minutes of tolerance), and the serial
/// number of the merchant's certificate.
///
/// \param keys the public key of each merchant, by merchant number (mchid).
/// \return the mchid (merchant number) of the merchant that signed the request. If the signature is
/// wrong, the error's detail shows the beginning of the text that the signature must cover, as
/// WeChat Pay does.
[[nodiscard]] Result<std::string> authorize(const SignedRequest& request,
                                            const std::map<std::string, ApiKey>& keys, Time now);

}  // namespace couponhook::server::sandbox
