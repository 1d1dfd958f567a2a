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
  PlatformRecords records;
  /// Number of users whose coupons could not be read completely.
  std::size_t skipped = 0;
  /// Error of the last user who was skipped.
  std::string last_skip;
  /// True if the coupons of one product (代金券 or 商家券) could not be read for any user. The
  /// cause of the error is then not a single user.
  bool is_skipped_throughout = false;
  /// Errors that ended the queries of one product (代金券 or 商家券), or all queries.
  std::vector<std::string> failures;
};

/// Queries each user's coupons of both products: favor coupons (代金券) and busifavor coupons
/// (商家券). An error that concerns one user does not stop the queries of other users. If the
/// merchant may not use one product, the other product is still queried.
/// \param on_asked function that is called with each user before the user's coupons are queried.
/// \return the coupons of all users, and the errors of failed queries.
[[nodiscard]] UserRecords fetch_records_of_users(
    ApiClient& client, std::span<const UserName> users,
    const std::function<void(const UserName&)>& on_asked);

}  // namespace couponhook::server
