#pragma once

/// \file
/// The users who were sent a coupon of late: those whose coupons are asked for.

#include <chrono>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "server/config/config.hpp"
#include "server/outbound/books.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// Those of ReconcileConfig::issued_file, and those whom the merchant's COUPON.SEND notifications
/// name, each once.
/// \return at most ReconcileConfig::max_users; an error where either cannot be read.
[[nodiscard]] boost::system::result<std::vector<UserName>, std::string> recent_users(
    const MerchantConfig& merchant, storage::Reader& reader, std::chrono::sys_seconds now);

}  // namespace couponhook::server
