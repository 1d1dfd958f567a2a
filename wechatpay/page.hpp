#pragma once

/// \file
/// Pages of list APIs: the requested page, and the page received.

#include <cstdint>
#include <vector>

namespace couponhook::wechatpay {

/// Source: the list pages of pay.weixin.qq.com/docs/merchant/apis/cash-coupons and
/// merchant-exclusive-coupon, which all define offset as the page number (分页页码).
struct PageRequest {
  std::int64_t offset = 0;  ///< page number, from 0; not a number of items to skip
  std::int64_t limit = 0;   ///< page size
};

/// The largest offset that is sent if the documentation names no limit.
inline constexpr std::int64_t kOffsetMax = 1'000'000;

template <typename T>
struct Page {
  std::vector<T> items;
  std::int64_t total_count = 0;
  std::int64_t offset = 0;  ///< page number, as in PageRequest
  std::int64_t limit = 0;
};

}  // namespace couponhook::wechatpay
