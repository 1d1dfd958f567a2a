#pragma once

/// \file
/// Numbers that are unique in the process; threads keep their OpenSSL contexts under such numbers.
/// Internal header: only crypto/ includes it.

#include <atomic>
#include <cstdint>

namespace couponhook::crypto {

/// Returns a number, never 0, that this function has not returned before in this process. Threads
/// keep OpenSSL contexts for a key under such a number and not under the key's address, because
/// after a reload of the configuration a new key can get the address of an old one.
[[nodiscard]] inline std::uint64_t unique_number() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace couponhook::crypto
