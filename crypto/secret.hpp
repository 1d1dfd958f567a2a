#pragma once

/// \file
/// Bytes that must not outlive their use.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace couponhook::crypto {

/// A key, token or password. Its memory is overwritten when it is destroyed, assigned over or moved
/// from. It cannot be copied, printed or compared with ==, so that it does not spread by accident.
///
/// Thread-safe for concurrent reads.
class Secret {
 public:
  Secret() = default;
  /// Takes the bytes over; the caller's string is wiped.
  explicit Secret(std::string&& bytes);
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  /// The bytes, valid while this object lives. Never log what this returns.
  [[nodiscard]] std::string_view reveal() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  /// Compares in time that depends on the length only.
  [[nodiscard]] bool equals(std::string_view other) const;

 private:
  std::string bytes_;
};

/// Overwrites `bytes` in a way that the compiler may not remove.
void wipe(std::span<char> bytes) noexcept;

}  // namespace couponhook::crypto
