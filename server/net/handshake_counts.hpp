#pragma once

/// \file
/// Counts of finished TLS handshakes, by protocol version and by whether a session was resumed.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace couponhook::server {

struct HandshakeKind {
  bool is_tls_1_3 = false;  ///< false: TLS 1.2; older versions are refused
  bool is_resumed = false;
};

/// Numbers of handshakes, one for each kind; handshake_kind() returns the kind of an element.
using HandshakeCounts = std::array<std::uint64_t, 4>;

[[nodiscard]] constexpr HandshakeKind handshake_kind(std::size_t position) {
  return {(position & 1U) != 0, (position & 2U) != 0};
}

/// Counts handshakes without a lock. Thread-safe.
class HandshakeCounter {
 public:
  void count(HandshakeKind kind) {
    const std::size_t position = (kind.is_tls_1_3 ? 1U : 0U) + (kind.is_resumed ? 2U : 0U);
    counts_[position].fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] HandshakeCounts counts() const {
    HandshakeCounts result{};
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = counts_[i].load(std::memory_order_relaxed);
    }
    return result;
  }

 private:
  std::array<std::atomic<std::uint64_t>, 4> counts_{};
};

}  // namespace couponhook::server
