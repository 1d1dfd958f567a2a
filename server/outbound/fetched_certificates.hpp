#pragma once

/// \file
/// Holds, in memory, the platform certificates that this process has downloaded and verified.

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wechatpay/certificates.hpp"

namespace couponhook::server {

/// Downloaded platform certificates of each merchant. They are held in memory, so that they can be
/// used even if they cannot be written to a file. Thread-safe.
class FetchedCertificates {
 public:
  using List = std::vector<wechatpay::PlatformCertificate>;

  void set(const std::string& mchid, List certificates) {
    const std::lock_guard lock(mutex_);
    certificates_[mchid] = std::move(certificates);
  }
  [[nodiscard]] List of(std::string_view mchid) const {
    const std::lock_guard lock(mutex_);
    const auto found = certificates_.find(mchid);
    return found == certificates_.end() ? List() : found->second;
  }

 private:
  mutable std::mutex mutex_;
  // The downloaded certificates; the key is the merchant id (mchid). Guarded by mutex_.
  std::map<std::string, List, std::less<>> certificates_;
};

}  // namespace couponhook::server
