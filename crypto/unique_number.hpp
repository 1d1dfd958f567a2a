#pragma once

/// \file
/// Internal header of crypto/: numbers that are unique in the process, under which threads cache
/// their OpenSSL contexts.

#include <atomic>
#include <cstdint>

namespace couponhook::crypto {

/// \return a number, never 0, that this function has not returned before in this process. Threads
///   cache OpenSSL contexts under such a number and not under a key's address, because after a
///   reload a new key can get the address of an old one.
[[nodiscard]] inline std::uint64_t unique_number() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace couponhook::crypto
