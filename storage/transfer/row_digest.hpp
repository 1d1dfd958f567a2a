#pragma once

/// \file
/// Digest of a table's rows, to check that two tables in different databases hold the same rows.

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <variant>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Sum of the hashes of a table's rows. The sum depends neither on the database engine nor on the
/// order of the rows, because database engines sort text differently. Its 128 bits detect
/// accidental errors of a copy. It is not a cryptographic hash and does not detect deliberate
/// changes.
class RowDigest {
 public:
  void add(const Row& row) {
    std::array<std::uint64_t, 2> hash{row.size(), ~row.size()};
    for (const Field& field : row) {
      mix(hash, field.index());
      if (const auto* number = std::get_if<std::int64_t>(&field)) {
        mix(hash, static_cast<std::uint64_t>(*number));
      } else if (const auto* text = std::get_if<std::string>(&field)) {
        mix(hash, *text);
      }
    }
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += finish(hash[i]);
    ++rows_;
  }

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  /// \return the digest as 32 hexadecimal digits.
  [[nodiscard]] std::string text() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (const std::uint64_t sum : sums_) {
      for (int shift = 60; shift >= 0; shift -= 4) hex += kDigits[(sum >> shift) & 15U];
    }
    return hex;
  }
  bool operator==(const RowDigest&) const = default;

 private:
  using Hash = std::array<std::uint64_t, 2>;
  /// Multipliers of the hash function. They are odd and have well spread bits: 2^64 divided by the
  /// golden ratio, and a prime of xxHash64.
  static constexpr Hash kMultipliers{0x9E3779B97F4A7C15U, 0xC2B2AE3D27D4EB4FU};

  static std::uint64_t finish(std::uint64_t h) {
    h ^= h >> 29U;
    h *= kMultipliers[1];
    return h ^ (h >> 32U);
  }
  static void mix(Hash& hash, std::uint64_t word) {
    for (std::size_t i = 0; i < hash.size(); ++i) {
      hash[i] = (hash[i] ^ word) * kMultipliers[i];
      hash[i] ^= hash[i] >> 31U;
    }
  }
  static void mix(Hash& hash, std::string_view text) {
    mix(hash, text.size());
    while (!text.empty()) {
      std::uint64_t word = 0;
      const std::string_view piece = text.substr(0, sizeof word);
      std::memcpy(&word, piece.data(), piece.size());
      mix(hash, word);
      text.remove_prefix(piece.size());
    }
  }

  Hash sums_{};
  std::int64_t rows_ = 0;
};

}  // namespace couponhook::storage
