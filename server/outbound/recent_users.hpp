#pragma once

/// \file
/// Users who recently received a coupon, and the order in which their coupons are queried.

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
  /// Number of malformed lines in the issued file (list of users who received a coupon).
  std::size_t malformed = 0;
  /// Problem of the first malformed line in the issued file.
  std::string first_problem{};
};

/// Returns the users in ReconcileConfig::issued_file and the users in the merchant's COUPON.SEND
/// notifications (a user received a coupon). Each user appears once, the latest first.
/// \return at most 100,000 users; an error if the file or the store cannot be read.
[[nodiscard]] boost::system::result<RecentUsers, std::string> recent_users(
    const MerchantConfig& merchant, storage::Reader& reader, std::chrono::sys_seconds now);

/// Chooses the users whose coupons the next poll (round of queries) reads, if there are more users
/// than one poll may query. Half of the places go to users who were never queried, half to users
/// whose last query is longest ago. If one group has too few users, the other group gets its
/// places. So neither group blocks the other. Not thread-safe.
class UserTurns {
 public:
  /// Chooses the users for the next poll.
  /// \param users all users, the latest first, each user once. The object forgets users who are no
  ///   longer in this list.
  /// \return at most `most` of the users; users who were never queried come first.
  [[nodiscard]] std::vector<UserName> next(std::vector<UserName> users, std::size_t most);
  /// Records that a user's coupons were queried in this poll. next() itself does not record this,
  /// because a poll can end early.
  void note_asked(const UserName& user);

 private:
  using Key = std::pair<std::string, std::string>;
  static Key key_of(const UserName& user) { return {user.appid, user.openid}; }

  /// For each user, the number of the last poll (round of queries) that queried the user's coupons.
  std::map<Key, std::uint64_t> asked_;
  std::uint64_t looks_ = 0;
};

}  // namespace couponhook::server
