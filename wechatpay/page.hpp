#pragma once

/// \file
/// Pages of WeChat Pay's list APIs: the page to request, and the page received.

#include <cstdint>
#include <vector>

namespace couponhook::wechatpay {

/// The page of a list to request. WeChat Pay's API pages for lists all define offset as the page
/// number (分页页码), see pay.weixin.qq.com/docs/merchant/apis/cash-coupons and
/// merchant-exclusive-coupon.
struct PageRequest {
  std::int64_t offset = 0;  ///< page number, counted from 0; not a number of items to skip
  std::int64_t limit = 0;   ///< page size: the largest number of items in one page
};

/// The largest page number that is sent if WeChat Pay's documentation gives no limit.
inline constexpr std::int64_t kOffsetMax = 1'000'000;

template <typename T>
struct Page {
  std::vector<T> items;
  std::int64_t total_count = 0;
  std::int64_t offset = 0;  ///< page number of the received page, as in PageRequest
  std::int64_t limit = 0;
};

}  // namespace couponhook::wechatpay
