#pragma once

/// \file
/// The merchants with their keys, loaded and ready.

#include <chrono>
#include <memory>
#include <mutex>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/platform_keys.hpp"
#include "crypto/resource_cipher.hpp"
#include "server/config/config.hpp"
#include "wechatpay/certificates.hpp"

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

/// All merchants, immutable: a change of keys makes a new set, which shares those that have not
/// changed. Thread-safe.
class Merchants {
 public:
  using Shared = std::vector<std::shared_ptr<const Merchant>>;

  explicit Merchants(Shared merchants) : merchants_(std::move(merchants)) {}
  explicit Merchants(std::vector<Merchant> merchants);

  /// \return the merchant whose notifications come in on this path, or null.
  [[nodiscard]] const Merchant* find_path(std::string_view path) const;
  [[nodiscard]] const Merchant* find_mchid(std::string_view mchid) const;
  /// A range of const Merchant&, valid while this object lives.
  [[nodiscard]] auto all() const { return std::views::transform(merchants_, Dereference{}); }
  [[nodiscard]] const Shared& shared() const { return merchants_; }

 private:
  struct Dereference {
    const Merchant& operator()(const std::shared_ptr<const Merchant>& merchant) const {
      return *merchant;
    }
  };

  Shared merchants_;
};

/// Platform certificates that were fetched and verified, wherever else they are kept.
using FetchedSpan = std::span<const wechatpay::PlatformCertificate>;

/// Reads one merchant's key files, which may turn out to hold no live key.
/// \param fetched used beside those in files.
/// \return what could be read; each file that will not do is one problem in `problems`, of the
///   merchant's unit.
[[nodiscard]] Merchant load_merchant(const Config& config, const MerchantConfig& entry,
                                     FetchedSpan fetched, std::vector<Problem>& problems);

/// As load_merchant(). A merchant without a live key is a problem, unless its certificates are
/// fetched.
[[nodiscard]] Merchant load_live_merchant(const Config& config, const MerchantConfig& entry,
                                          FetchedSpan fetched, std::chrono::sys_seconds now,
                                          std::vector<Problem>& problems);

/// The same for every merchant of the configuration, with nothing fetched.
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
