#pragma once

/// \file
/// A container for keys, tokens and passwords that wipes its memory after use.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace couponhook::crypto {

/// A key, token or password. Its memory is overwritten when the object is destroyed, assigned to or
/// moved from. A Secret cannot be copied, printed or compared with ==, so that the bytes do not
/// spread by accident.
///
/// Thread-safe for concurrent reads.
class Secret {
 public:
  Secret() = default;
  /// Copies the bytes, then wipes the caller's string.
  explicit Secret(std::string&& bytes);
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  /// The bytes, valid while this object lives. Never log the returned bytes.
  [[nodiscard]] std::string_view reveal() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  /// Compares in a time that depends only on the lengths, to prevent timing attacks.
  [[nodiscard]] bool equals(std::string_view other) const;

 private:
  std::string bytes_;
};

/// Overwrites `bytes` in a way that the compiler cannot optimise away.
void wipe(std::span<char> bytes) noexcept;

}  // namespace couponhook::crypto
