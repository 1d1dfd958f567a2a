#pragma once

/// \file
/// Finds the blocks of a PEM file, and describes a file that has no usable block.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::crypto {

struct PemBlock {
  std::string label;  ///< the text after BEGIN, for example "CERTIFICATE"
  /// The block alone, rebuilt in the form that OpenSSL reads. Empty for a private key, so that
  /// memory holds no further copy of the key.
  std::string text;
  std::size_t line;  ///< line number of the BEGIN line, counted from 1

  [[nodiscard]] bool is_certificate() const;
  [[nodiscard]] bool is_private_key() const;
  /// The kind of block for messages, for example "a certificate", "a public key" or "a PKCS#7
  /// bundle".
  [[nodiscard]] std::string kind() const;
};

struct PemContent {
  std::vector<PemBlock> blocks;
  std::vector<std::string> faults;  ///< blocks without BEGIN or END, each with its line number
};

/// Finds every PEM block of a file; the base64 inside is not decoded. Accepts other text before,
/// between and after the blocks, any kind of line end, a byte order mark, indentation, and line
/// ends written as the two characters \n.
[[nodiscard]] PemContent read_pem(std::string_view content);

/// \return the position of a block for messages, for example "block 2 (line 31)". `block` counts
///   from 0.
[[nodiscard]] std::string place_of(const PemContent& content, std::size_t block);

/// Describes, for an error message, a file that does not hold the expected kind of block. If
/// openssl can convert the file, the description names the command. Examples: "holds a
/// certificate", "holds a certificate in DER form; …", "is empty".
[[nodiscard]] std::string describe_content(std::string_view content);

}  // namespace couponhook::crypto
