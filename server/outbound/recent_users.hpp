#pragma once

/// \file
/// The users who were sent a coupon of late: those whose coupons are asked for.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "server/config/config.hpp"
#include "server/outbound/books.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// Those of ReconcileConfig::issued_file, and those whom the merchant's COUPON.SEND notifications
/// name, each once, the latest first.
/// \return at most 100,000; an error where either cannot be read.
[[nodiscard]] boost::system::result<std::vector<UserName>, std::string> recent_users(
    const MerchantConfig& merchant, storage::Reader& reader, std::chrono::sys_seconds now);

/// Whose turn it is where there are more users than one look may ask for: whoever has not been
/// asked for yet, then whoever was asked for longest ago. So all of them are, before they are too
/// long ago. Not thread-safe.
class UserTurns {
 public:
  /// \param users the latest first, each once; who is not among them any more is forgotten.
  /// \return at most `most` of them.
  [[nodiscard]] std::vector<UserName> next(std::vector<UserName> users, std::size_t most);

 private:
  using Key = std::pair<std::string, std::string>;
  std::map<Key, std::uint64_t> asked_;  ///< at which look last
  std::uint64_t looks_ = 0;
};

}  // namespace couponhook::server
