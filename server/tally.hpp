#pragma once

/// \file
/// What this process has replied since it started.

#include <array>
#include <atomic>
#include <cstdint>

#include "server/verdict.hpp"

namespace couponhook::server {

/// Counts of verdicts. Thread-safe.
class Tally {
 public:
  void count(Verdict verdict) {
    counts_[static_cast<std::size_t>(verdict)].fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t of(Verdict verdict) const {
    return counts_[static_cast<std::size_t>(verdict)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kVerdictCount> counts_{};
};

}  // namespace couponhook::server
