#pragma once

/// \file
/// A container for keys, tokens and passwords that overwrites its memory after use.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace couponhook::crypto {

/// A key, token or password. The memory is overwritten when the object is destroyed, assigned to or
/// moved from. A Secret cannot be copied, printed or compared with ==, so that its bytes do not
/// spread by accident.
///
/// Several threads may read one Secret at the same time.
class Secret {
 public:
  Secret() = default;
  /// Makes a Secret: copies the bytes, then overwrites the caller's string.
  explicit Secret(std::string&& bytes);
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  /// Returns the bytes of the secret, valid while the Secret lives. Never log the returned bytes.
  [[nodiscard]] std::string_view reveal() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  /// Compares the secret with a text. The time depends only on the lengths, to prevent timing
  /// attacks.
  [[nodiscard]] bool equals(std::string_view other) const;

 private:
  std::string bytes_;
};

/// Overwrites secret bytes in memory, in a way that the compiler cannot optimise away.
void wipe(std::span<char> bytes) noexcept;

}  // namespace couponhook::crypto
