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

/// One merchant: the URL path for its notifications, and the keys that verify and decrypt them.
struct Merchant {
  std::string mchid;
  std::string path;
  std::chrono::seconds timestamp_tolerance;
  crypto::PlatformKeys platform_keys;
  /// Ciphers that decrypt notifications, one for each APIv3 key.
  std::vector<crypto::ResourceCipher> ciphers;
};

/// Returns true if notifications of this merchant can be verified and decrypted: the merchant has
/// an APIv3 key, and a platform key that has not expired.
[[nodiscard]] bool has_live_key(const Merchant& merchant, std::chrono::sys_seconds now);

/// Immutable set of all merchants. A change of keys makes a new set, which shares the unchanged
/// merchants with the old set. Thread-safe.
class Merchants {
 public:
  using Shared = std::vector<std::shared_ptr<const Merchant>>;

  explicit Merchants(Shared merchants) : merchants_(std::move(merchants)) {}
  explicit Merchants(std::vector<Merchant> merchants);

  /// Finds the merchant whose notifications arrive at this URL path.
  /// \return the merchant; null if no merchant has this path. The pointer is valid as long as this
  /// object, or another set that shares the merchant, exists.
  [[nodiscard]] const Merchant* find_path(std::string_view path) const;
  [[nodiscard]] const Merchant* find_mchid(std::string_view mchid) const;
  /// Returns all merchants, as a range of const Merchant&, valid as long as this object exists.
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

/// Platform certificates that were fetched from WeChat Pay and verified. The same certificates may
/// also be in files.
using FetchedSpan = std::span<const wechatpay::PlatformCertificate>;

/// Reads the key files of one merchant. The merchant may end up without a valid key.
/// \param fetched certificates that were fetched from WeChat Pay. They are used in addition to
/// those in files.
/// \param problems the function adds one entry for each file that cannot be used. The entry names
/// the file and the merchant.
/// \return the merchant with the keys that could be read.
[[nodiscard]] Merchant load_merchant(const Config& config, const MerchantConfig& entry,
                                     FetchedSpan fetched, std::vector<Problem>& problems);

/// Reads the key files of one merchant, like load_merchant(). A merchant without a valid key is
/// also reported as a problem, unless its certificates are fetched from WeChat Pay.
[[nodiscard]] Merchant load_live_merchant(const Config& config, const MerchantConfig& entry,
                                          FetchedSpan fetched, std::chrono::sys_seconds now,
                                          std::vector<Problem>& problems);

/// Calls load_live_merchant() for every configured merchant, without fetched certificates.
/// \return the set of all merchants.
[[nodiscard]] std::shared_ptr<const Merchants> load_merchants(const Config& config,
                                                              std::chrono::sys_seconds now,
                                                              std::vector<Problem>& problems);

}  // namespace couponhook::server
