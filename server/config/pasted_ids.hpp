#pragma once

/// \file
/// Normalises merchant numbers, certificate serials and public key ids that users paste. Texts with
/// a clear meaning are changed to WeChat Pay's own notation. For other texts, the functions
/// explain_…() name the likely mistake.

#include <string>
#include <string_view>

namespace couponhook::server {

/// Returns the merchant number without blanks, quotes and invisible characters, and with full-width
/// digits changed to ASCII.
[[nodiscard]] std::string normalise_mchid(std::string_view text);

/// Returns the public key id, cleaned like a merchant number (see normalise_mchid()), with its
/// prefix PUB_KEY_ID_ in capitals.
[[nodiscard]] std::string normalise_public_key_id(std::string_view text);

/// Returns a certificate's serial in upper-case hexadecimal. Accepts colons or blanks between
/// digits, "0x…", "serial=…", "Serial Number: …", lower case, extra leading zeros, and a decimal
/// number that is too long for a hexadecimal serial. From any other text, only blanks and quotes at
/// both ends are removed.
[[nodiscard]] std::string normalise_certificate_serial(std::string_view text);

/// The functions explain_…() return the reason why a normalised merchant number, public key id or
/// certificate serial cannot be right; an empty text if it can be right.
[[nodiscard]] std::string explain_mchid(std::string_view mchid);
[[nodiscard]] std::string explain_public_key_id(std::string_view id);
[[nodiscard]] std::string explain_certificate_serial(std::string_view serial);

/// Returns true if a certificate's serial is far more likely a decimal number than a hexadecimal
/// one.
[[nodiscard]] bool looks_decimal(std::string_view serial);

/// Part of error messages: the command that shows the right serial of a certificate.
inline constexpr std::string_view kSerialRemedy =
    "see it with: openssl x509 -noout -serial -in apiclient_cert.pem";

}  // namespace couponhook::server
