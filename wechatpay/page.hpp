#pragma once

/// \file
/// Pages of lists in WeChat Pay's APIs: the page to request, and the page received.

#include <cstdint>
#include <vector>

namespace couponhook::wechatpay {

/// The page of a list that an API request asks for. In all APIs with lists, WeChat Pay's
/// documentation defines the parameter offset as the number of the page (分页页码), see
/// pay.weixin.qq.com/docs/merchant/apis/cash-coupons and merchant-exclusive-coupon.
struct PageRequest {
  /// Number of the page to request, counted from 0; not a number of items to skip.
  std::int64_t offset = 0;
  std::int64_t limit = 0;  ///< page size: the largest number of items on a page
};

/// The largest page number that couponhook requests if WeChat Pay's documentation gives no limit.
inline constexpr std::int64_t kOffsetMax = 1'000'000;

template <typename T>
struct Page {
  std::vector<T> items;
  std::int64_t total_count = 0;
  std::int64_t offset = 0;  ///< number of the received page, counted from 0, as in PageRequest
  std::int64_t limit = 0;
};

}  // namespace couponhook::wechatpay
