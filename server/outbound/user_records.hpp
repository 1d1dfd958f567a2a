#pragma once

/// \file
/// Queries the coupons of many users, one user after the other.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "server/outbound/platform_records.hpp"

namespace couponhook::server {

struct UserRecords {
  PlatformRecords books;
  std::size_t skipped = 0;  ///< number of users whose coupons could not be read completely
  std::string last_skip;    ///< error of the last skipped user
  /// True if no user's coupons of one product could be read, so the cause is not a single user.
  bool is_skipped_throughout = false;
  std::vector<std::string> failures;  ///< errors that ended the queries of one product or of all
};

/// Queries each user's coupons of both products. An error that concerns one user does not stop the
/// queries of other users. If the merchant may not use one product, the other product is still
/// queried.
/// \param on_asked called with each user before the query.
[[nodiscard]] UserRecords books_of_users(ApiClient& client, std::span<const UserName> users,
                                         const std::function<void(const UserName&)>& on_asked);

}  // namespace couponhook::server
