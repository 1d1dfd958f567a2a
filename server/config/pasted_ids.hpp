#pragma once

/// \file
/// Merchant numbers, serials and public key ids as people paste them: the notations that can mean
/// only one thing become the one that WeChat Pay uses, the others are named by what they look like.

#include <string>
#include <string_view>

namespace couponhook::server {

/// Without blanks, quotes and invisible characters, full-width digits made ASCII.
[[nodiscard]] std::string normalise_mchid(std::string_view text);

/// As normalise_mchid(), and the prefix PUB_KEY_ID_ in capitals.
[[nodiscard]] std::string normalise_public_key_id(std::string_view text);

/// Upper-case hexadecimal out of: colons or blanks between digits, "0x…", "serial=…",
/// "Serial Number: …", lower case, superfluous leading zeros, and a decimal number that is too long
/// to be a hexadecimal serial. Any other text is returned without what surrounds it.
[[nodiscard]] std::string normalise_certificate_serial(std::string_view text);

/// What a normalised value looks like where it cannot be what it should; empty where it can.
[[nodiscard]] std::string explain_mchid(std::string_view mchid);
[[nodiscard]] std::string explain_public_key_id(std::string_view id);
[[nodiscard]] std::string explain_certificate_serial(std::string_view serial);

/// Whether a serial that could be hexadecimal is far more likely a decimal number.
[[nodiscard]] bool looks_decimal(std::string_view serial);

/// How to look up the right serial.
inline constexpr std::string_view kSerialRemedy =
    "see it with: openssl x509 -noout -serial -in apiclient_cert.pem";

}  // namespace couponhook::server
