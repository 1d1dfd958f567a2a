#pragma once

/// \file
/// What a body of POST /v3/marketing/favor/coupon-stocks must look like.

#include <rapidjson/document.h>

#include "sandbox/api_error.hpp"
#include "sandbox/records.hpp"

namespace couponhook::server::sandbox {

/// Refuses with the first rule that is broken, as WeChat Pay does (protocol reference, section 6).
[[nodiscard]] Result<StockTerms> read_stock_terms(const rapidjson::Value& body, Time now);

}  // namespace couponhook::server::sandbox
