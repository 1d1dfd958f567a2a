#pragma once

/// \file
/// Normalises merchant numbers, serials and public key ids that users paste. Unambiguous notations
/// become WeChat Pay's own form; for other texts, the explain functions name the likely mistake.

#include <string>
#include <string_view>

namespace couponhook::server {

/// Removes blanks, quotes and invisible characters, and changes full-width digits to ASCII.
[[nodiscard]] std::string normalise_mchid(std::string_view text);

/// Like normalise_mchid(), and changes the prefix PUB_KEY_ID_ to capitals.
[[nodiscard]] std::string normalise_public_key_id(std::string_view text);

/// Returns the serial in upper-case hexadecimal. Accepts colons or blanks between digits, "0x…",
/// "serial=…", "Serial Number: …", lower case, extra leading zeros, and a decimal number that is
/// too long for a hexadecimal serial. Any other text is only freed of surrounding blanks and
/// quotes.
[[nodiscard]] std::string normalise_certificate_serial(std::string_view text);

/// The explain functions say why a normalised value cannot be right; empty if it can be.
[[nodiscard]] std::string explain_mchid(std::string_view mchid);
[[nodiscard]] std::string explain_public_key_id(std::string_view id);
[[nodiscard]] std::string explain_certificate_serial(std::string_view serial);

/// Returns true if a serial is far more likely a decimal number than a hexadecimal one.
[[nodiscard]] bool looks_decimal(std::string_view serial);

/// The command that shows the right serial, for messages.
inline constexpr std::string_view kSerialRemedy =
    "see it with: openssl x509 -noout -serial -in apiclient_cert.pem";

}  // namespace couponhook::server
