#pragma once

/// \file
/// Parses and checks the body of POST /v3/marketing/favor/coupon-stocks, which creates a stock
/// (批次, a batch of coupons).

#include <rapidjson/document.h>

#include "sandbox/api_error.hpp"
#include "sandbox/records.hpp"
#include "sandbox/uploaded_images.hpp"

namespace couponhook::server::sandbox {

/// Parses and checks the settings of a new stock (批次, a batch of coupons). Returns the settings,
/// or the error for the first rule of WeChat Pay's documentation that the body breaks.
[[nodiscard]] Result<StockTerms> read_stock_terms(const rapidjson::Value& body,
                                                  const UploadedImages& images, Time now);

}  // namespace couponhook::server::sandbox
