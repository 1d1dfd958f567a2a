#pragma once

/// \file
/// The blocks of a PEM file, and what a file is that holds none.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::crypto {

struct PemBlock {
  std::string label;  ///< "CERTIFICATE"
  /// The block alone, as OpenSSL reads it. Empty for private keys, which are not copied about.
  std::string text;
  std::size_t line;  ///< of the BEGIN, from 1

  [[nodiscard]] bool is_certificate() const;
  [[nodiscard]] bool is_private_key() const;
  /// "a certificate", "a public key", "a PKCS#7 bundle".
  [[nodiscard]] std::string kind() const;
};

struct PemContent {
  std::vector<PemBlock> blocks;
  std::vector<std::string> faults;  ///< blocks that do not begin or do not end, each with its line
};

/// Finds every block, with whatever text stands before, between and after them, any line ends, a
/// byte order mark, indentation, and line ends written as \n. Blocks are not decoded.
[[nodiscard]] PemContent read_pem(std::string_view content);

/// "block 2 (line 31)".
[[nodiscard]] std::string place_of(const PemContent& content, std::size_t block);

/// What a file is that does not hold the kind of block that is looked for, with how to convert it
/// where it can be: "holds a certificate", "holds a certificate in DER form; …", "is empty".
[[nodiscard]] std::string describe_content(std::string_view content);

}  // namespace couponhook::crypto
