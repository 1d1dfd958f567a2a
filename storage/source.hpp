#pragma once

/// \file
/// Names for the origin of a stored notification: WeChat Pay's callback, or reconciliation with
/// WeChat Pay's own records.

#include <string_view>

namespace couponhook::storage {

/// Value of Admission::source for a notification that WeChat Pay sent, with a valid signature and a
/// timestamp that agreed with our clock.
inline constexpr std::string_view kFromNotification = "notification";

/// Value of Admission::source for a fact (such as the redemption of a coupon) that was found in
/// WeChat Pay's own records and that no notification had reported. If both a notification and the
/// records report a fact, the first report is delivered; the second report is stored without
/// deliveries.
inline constexpr std::string_view kFromReconcile = "reconcile";

}  // namespace couponhook::storage
