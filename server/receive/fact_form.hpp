#pragma once

/// \file
/// Whether a fact's identifiers and time have the forms that WeChat Pay documents.

#include <string>

#include "handlers/coupon_event.hpp"

namespace couponhook::server {

/// \return the first field of another form, without its content: "coupon_id is not 1 to 20 digits";
///   empty where all have theirs, and for an OtherEvent. Thread-safe.
[[nodiscard]] std::string odd_form(const handlers::CouponEvent& event);

}  // namespace couponhook::server
