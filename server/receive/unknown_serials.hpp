#pragma once

/// \file
/// Serial numbers of platform keys that requests named but that are not loaded.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.hpp"

namespace couponhook::server {

/// One serial number of a platform key that is not loaded, and the number of requests that named
/// it.
struct UnknownSerial {
  std::string mchid;
  std::string serial;
  std::uint64_t requests = 0;
};

/// List of the unknown serial numbers that most requests named. Anybody can write any serial number
/// into a header, so the list is short, and a new serial number replaces the number with the fewest
/// requests. Thread-safe.
class UnknownSerials {
 public:
  /// Largest number of serial numbers in the list.
  static constexpr std::size_t kMost = 8;

  /// Counts a request that named an unknown serial number. Ignores a serial number that is longer
  /// than 64 characters or has other characters than letters, digits and underscores.
  void note(std::string_view mchid, std::string_view serial) {
    if (!is_plain(serial)) return;
    const std::lock_guard lock(mutex_);
    const auto known = std::ranges::find_if(serials_, [&](const UnknownSerial& each) {
      return each.mchid == mchid && each.serial == serial;
    });
    if (known != serials_.end()) {
      ++known->requests;
      return;
    }
    if (serials_.size() == kMost) {
      serials_.erase(std::ranges::min_element(serials_, {}, &UnknownSerial::requests));
    }
    serials_.push_back({std::string(mchid), std::string(serial), 1});
  }

  [[nodiscard]] std::vector<UnknownSerial> list() const {
    const std::lock_guard lock(mutex_);
    return serials_;
  }

 private:
  static bool is_plain(std::string_view serial) {
    constexpr std::size_t kCharactersMax = 64;
    return serial.size() <= kCharactersMax &&
           std::ranges::all_of(serial, [](char c) { return base::is_alphanumeric(c) || c == '_'; });
  }

  mutable std::mutex mutex_;
  std::vector<UnknownSerial> serials_;
};

}  // namespace couponhook::server
