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
#include "server/outbound/platform_records.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

struct RecentUsers {
  std::vector<UserName> users;
  std::size_t malformed = 0;    ///< lines of the issued file that are none
  std::string first_problem{};  ///< of them
};

/// Those of ReconcileConfig::issued_file, and those whom the merchant's COUPON.SEND notifications
/// name, each once, the latest first.
/// \return at most 100,000; an error where either cannot be read.
[[nodiscard]] boost::system::result<RecentUsers, std::string> recent_users(
    const MerchantConfig& merchant, storage::Reader& reader, std::chrono::sys_seconds now);

/// Whose turn it is where there are more users than one look may ask for: half of those who have
/// not been asked for yet, half of whoever was asked for longest ago, and where one half is short,
/// more of the other. So nobody is kept waiting by who is new, or asked for once only. Not
/// thread-safe.
class UserTurns {
 public:
  /// \param users the latest first, each once; who is not among them any more is forgotten.
  /// \return at most `most` of them, who is new first.
  [[nodiscard]] std::vector<UserName> next(std::vector<UserName> users, std::size_t most);
  /// To be told of each who was asked for since next(): a look can end before all were.
  void note_asked(const UserName& user);

 private:
  using Key = std::pair<std::string, std::string>;
  static Key key_of(const UserName& user) { return {user.appid, user.openid}; }

  std::map<Key, std::uint64_t> asked_;  ///< at which look last
  std::uint64_t looks_ = 0;
};

}  // namespace couponhook::server
