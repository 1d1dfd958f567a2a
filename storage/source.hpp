#pragma once

/// \file
/// Who told of what is kept.

#include <string_view>

namespace couponhook::storage {

/// Admission::source of what came as a signed notification, whose time agreed with our clock.
inline constexpr std::string_view kFromNotification = "notification";

/// Admission::source of what WeChat Pay's own books told and no notification did. Of a fact that
/// comes in both ways, whichever is first is delivered; the other is kept without deliveries.
inline constexpr std::string_view kFromBooks = "reconcile";

}  // namespace couponhook::storage
