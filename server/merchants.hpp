#pragma once

/// \file
/// The merchants with their keys, loaded and ready.

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/platform_keys.hpp"
#include "crypto/resource_cipher.hpp"
#include "server/config/config.hpp"

namespace couponhook::server {

/// One merchant: where its notifications come in, and what opens them.
struct Merchant {
  std::string mchid;
  std::string path;
  std::chrono::seconds timestamp_tolerance;
  crypto::PlatformKeys platform_keys;
  std::vector<crypto::ResourceCipher> ciphers;  ///< one for each live APIv3 key
};

/// Whether notifications of this merchant can be verified and opened at all.
[[nodiscard]] bool has_live_key(const Merchant& merchant, std::chrono::sys_seconds now);

/// All merchants, immutable: a change of keys makes a new set. Thread-safe.
class Merchants {
 public:
  explicit Merchants(std::vector<Merchant> merchants) : merchants_(std::move(merchants)) {}

  /// \return the merchant whose notifications come in on this path, or null.
  [[nodiscard]] const Merchant* find_path(std::string_view path) const;
  [[nodiscard]] const std::vector<Merchant>& all() const { return merchants_; }

 private:
  std::vector<Merchant> merchants_;
};

/// Reads one merchant's key files, which may turn out to hold no live key.
/// \return as load_merchants().
[[nodiscard]] Merchant load_merchant(const Config& config, const MerchantConfig& entry,
                                     std::vector<Problem>& problems);

/// Reads every key file that the configuration names. A merchant without a live key is a problem,
/// unless its certificates are fetched.
/// \return the merchants; each file that will not do is one problem in `problems`, and the result
/// is
///   of no use then.
[[nodiscard]] std::shared_ptr<const Merchants> load_merchants(const Config& config,
                                                              std::chrono::sys_seconds now,
                                                              std::vector<Problem>& problems);

/// The set in force, swapped whole. Thread-safe.
template <typename T>
class Live {
 public:
  explicit Live(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  [[nodiscard]] std::shared_ptr<const T> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void set(std::shared_ptr<const T> value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable std::mutex mutex_;  // std::atomic<std::shared_ptr> upsets GCC 12's thread sanitizer
  std::shared_ptr<const T> value_;
};

}  // namespace couponhook::server
