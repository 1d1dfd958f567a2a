#pragma once

/// \file
/// Finds the blocks of a PEM file, and describes a file that has no usable block.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::crypto {

struct PemBlock {
  std::string label;  ///< label of the PEM block: the text after BEGIN, for example "CERTIFICATE"
  /// The text of this PEM block alone, rewritten in the form that OpenSSL reads. Empty for a
  /// private key, so that memory holds no further copy of the key.
  std::string text;
  std::size_t line;  ///< line number in the file of this PEM block's BEGIN line, counted from 1

  [[nodiscard]] bool is_certificate() const;
  [[nodiscard]] bool is_private_key() const;
  /// Returns the kind of the PEM block as words for messages, for example "a certificate", "a
  /// public key" or "a PKCS#7 bundle".
  [[nodiscard]] std::string kind() const;
};

struct PemContent {
  std::vector<PemBlock> blocks;
  /// Error messages for PEM blocks that have no BEGIN or no END line, each with its line number.
  std::vector<std::string> faults;
};

/// Finds every PEM block of a file, without decoding the base64 text inside the blocks. Accepts
/// other text before, between and after the blocks, any kind of line end, a byte order mark,
/// indentation, and line ends that are written as the two characters \n.
[[nodiscard]] PemContent read_pem(std::string_view content);

/// Returns the place of a PEM block in its file for messages, for example "block 2 (line 31)".
/// \param block index of the block, counted from 0.
[[nodiscard]] std::string place_of(const PemContent& content, std::size_t block);

/// Returns a description, for an error message, of a file that does not hold the expected kind of
/// PEM block. If the openssl tool can convert the file, the description contains the command for
/// it. Examples: "holds a certificate", "holds a certificate in DER form; …", "is empty".
[[nodiscard]] std::string describe_content(std::string_view content);

}  // namespace couponhook::crypto
