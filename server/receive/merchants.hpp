#pragma once

/// \file
/// The configured merchants with their platform keys and APIv3 keys, loaded from files.

#include <chrono>
#include <memory>
#include <mutex>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/live.hpp"
#include "crypto/platform_keys.hpp"
#include "crypto/resource_cipher.hpp"
#include "server/config/config.hpp"
#include "wechatpay/certificates.hpp"

namespace couponhook::server {

/// One merchant: the path for its notifications, and the keys that verify and decrypt them.
struct Merchant {
  std::string mchid;
  std::string path;
  std::chrono::seconds timestamp_tolerance;
  crypto::PlatformKeys platform_keys;
  std::vector<crypto::ResourceCipher> ciphers;  ///< one for each live APIv3 key
};

/// Returns true if notifications of this merchant can be verified and decrypted: it has an APIv3
/// key, and a platform key that has not expired.
[[nodiscard]] bool has_live_key(const Merchant& merchant, std::chrono::sys_seconds now);

/// Immutable set of all merchants. A change of keys makes a new set, which shares the unchanged
/// merchants with the old one. Thread-safe.
class Merchants {
 public:
  using Shared = std::vector<std::shared_ptr<const Merchant>>;

  explicit Merchants(Shared merchants) : merchants_(std::move(merchants)) {}
  explicit Merchants(std::vector<Merchant> merchants);

  /// Finds the merchant whose notifications arrive on this path.
  /// \return null when there is none. The pointer is valid as long as this object, or another set
  ///   that shares the merchant, exists.
  [[nodiscard]] const Merchant* find_path(std::string_view path) const;
  [[nodiscard]] const Merchant* find_mchid(std::string_view mchid) const;
  /// All merchants, as a range of const Merchant&. Valid as long as this object exists.
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

/// Platform certificates that were fetched from WeChat Pay and verified, whether or not they are
/// also stored in files.
using FetchedSpan = std::span<const wechatpay::PlatformCertificate>;

/// Reads the key files of one merchant. The result may hold no live key.
/// \param fetched certificates that are used in addition to those in files.
/// \param problems gets one entry, with the merchant's unit, for each file that cannot be used.
/// \return the merchant with the keys that could be read.
[[nodiscard]] Merchant load_merchant(const Config& config, const MerchantConfig& entry,
                                     FetchedSpan fetched, std::vector<Problem>& problems);

/// Like load_merchant(), but a merchant without a live key is also a problem, unless its
/// certificates are fetched from WeChat Pay.
[[nodiscard]] Merchant load_live_merchant(const Config& config, const MerchantConfig& entry,
                                          FetchedSpan fetched, std::chrono::sys_seconds now,
                                          std::vector<Problem>& problems);

/// Calls load_live_merchant() for every configured merchant, without fetched certificates.
[[nodiscard]] std::shared_ptr<const Merchants> load_merchants(const Config& config,
                                                              std::chrono::sys_seconds now,
                                                              std::vector<Problem>& problems);

}  // namespace couponhook::server
