#pragma once

/// \file
/// Who sent a request, by its Authorization header.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/rsa_public_key.hpp"
#include "sandbox/api_error.hpp"
#include "sandbox/records.hpp"

namespace couponhook::server::sandbox {

/// What of a request the signature covers or the platform insists on, as received.
struct SignedRequest {
  std::string_view method;
  std::string_view target;  ///< path and query, undecoded
  std::string_view body;
  std::string_view authorization;
  std::string_view accept;
  std::string_view user_agent;
};

/// The key that a merchant signs its requests with.
struct ApiKey {
  std::string serial;  ///< of the merchant API certificate
  crypto::RsaPublicKey key;
};

/// Verifies RSA-SHA256 over "METHOD\ntarget\ntimestamp\nnonce\nbody\n" (protocol reference,
/// section 4), after the checks that WeChat Pay makes first: Accept and User-Agent, the header's
/// form, 5 minutes of tolerance, the certificate's serial.
///
/// \param keys by mchid.
/// \return the mchid. A signature that does not fit is told with the message that it should cover,
///   as WeChat Pay does.
[[nodiscard]] Result<std::string> authorize(const SignedRequest& request,
                                            const std::map<std::string, ApiKey>& keys, Time now);

}  // namespace couponhook::server::sandbox
