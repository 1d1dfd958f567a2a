#pragma once

/// \file
/// Parses and checks the body of POST /v3/marketing/favor/coupon-stocks.

#include <rapidjson/document.h>

#include "sandbox/api_error.hpp"
#include "sandbox/records.hpp"

namespace couponhook::server::sandbox {

/// Returns the error of the first rule that the body breaks, as WeChat Pay does (protocol
/// reference, section 6).
[[nodiscard]] Result<StockTerms> read_stock_terms(const rapidjson::Value& body, Time now);

}  // namespace couponhook::server::sandbox
