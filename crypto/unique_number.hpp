#pragma once

/// \file
/// Private to this room: numbers by which threads remember whose context they hold.

#include <atomic>
#include <cstdint>

namespace couponhook::crypto {

/// A number, never 0, that this process has not given out before. A thread keeps contexts by such a
/// number because the address of a key can come back for another key after a reload.
[[nodiscard]] inline std::uint64_t unique_number() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace couponhook::crypto
