#pragma once

/// \file
/// Origin of a notification: WeChat Pay's callback, or reconciliation.

#include <string_view>

namespace couponhook::storage {

/// Admission::source of a signed notification whose timestamp agreed with our clock.
inline constexpr std::string_view kFromNotification = "notification";

/// Admission::source of a fact that was found in WeChat Pay's own records and that no notification
/// reported. If a fact arrives both ways, the first one is delivered; the second one is stored
/// without deliveries.
inline constexpr std::string_view kFromReconcile = "reconcile";

}  // namespace couponhook::storage
