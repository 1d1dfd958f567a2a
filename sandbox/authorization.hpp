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

/// The parts of a received API request over which the merchant's signature is made, and the headers
/// that WeChat Pay requires.
struct SignedRequest {
  std::string_view method;
  std::string_view target;  ///< path and query of the API request, still percent-encoded
  std::string_view body;
  std::string_view authorization;
  std::string_view accept;
  std::string_view user_agent;
};

/// The public key of one merchant, with which the signatures of the merchant's API requests are
/// verified.
struct ApiKey {
  std::string serial;  ///< serial number of the merchant's API certificate (商户API证书)
  crypto::RsaPublicKey key;
};

/// Verifies the RSA-SHA256 signature of a request over "METHOD\ntarget\ntimestamp\nnonce\nbody\n".
/// Checks before that, as WeChat Pay does, the Accept and User-Agent headers, the form of the
/// Authorization header, the timestamp (5 minutes of tolerance), and the serial number of the
/// merchant's certificate.
///
/// \param keys the public key of each merchant, by merchant number (mchid).
/// \return the mchid (merchant number) of the merchant that signed the request, or an error reply.
///   If the signature is wrong, the error's detail shows the beginning of the text that must be
///   signed, as WeChat Pay does.
[[nodiscard]] Result<std::string> authorize(const SignedRequest& request,
                                            const std::map<std::string, ApiKey>& keys, Time now);

}  // namespace couponhook::server::sandbox
