#pragma once

/// \file
/// The coupons of many users, asked for one by one.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "server/outbound/platform_records.hpp"

namespace couponhook::server {

struct UsersBooks {
  Books books;
  std::size_t skipped = 0;  ///< users of whom not all could be read
  std::string last_skip;    ///< why, of the last of them
  /// There is a product of which no user's books could be read: more than a user's fault.
  bool is_skipped_throughout = false;
  std::vector<std::string> failures;  ///< what kept all users that follow from being asked for
};

/// Asks for each user's coupons of both products. A user of whom they cannot be had keeps no other
/// from being asked; where a merchant may not have one product, there is the other.
/// \param on_asked told of each user before it is asked for.
[[nodiscard]] UsersBooks books_of_users(ApiClient& client, std::span<const UserName> users,
                                        const std::function<void(const UserName&)>& on_asked);

}  // namespace couponhook::server
