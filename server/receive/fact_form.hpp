#pragma once

/// \file
/// Checks that the identifiers and times of a coupon event have the forms that WeChat Pay
/// documents.

#include <string>

#include "handlers/coupon_event.hpp"

namespace couponhook::server {

/// Checks the forms of the fields of a coupon event. Thread-safe.
/// \return the name of the first field with a wrong form, and the form that WeChat Pay documents,
/// but never the field's content. Example: "coupon_id is not 1 to 20 digits". Empty if all fields
/// are correct, and for an event of another type than coupon events (OtherEvent).
[[nodiscard]] std::string find_unusual_field(const handlers::CouponEvent& event);

}  // namespace couponhook::server
