#pragma once

/// \file
/// Lists that come in pages.

#include <cstdint>
#include <vector>

namespace couponhook::wechatpay {

/// Source: the list pages of pay.weixin.qq.com/docs/merchant/apis/cash-coupons and
/// merchant-exclusive-coupon, which all call offset the number of the page (分页页码).
struct PageRequest {
  std::int64_t offset = 0;  ///< which page, from 0; not how many items to pass over
  std::int64_t limit = 0;   ///< items on a page
};

/// The highest offset asked for where the documentation names none.
inline constexpr std::int64_t kOffsetMax = 1'000'000;

template <typename T>
struct Page {
  std::vector<T> items;
  std::int64_t total_count = 0;
  std::int64_t offset = 0;  ///< as in PageRequest
  std::int64_t limit = 0;
};

}  // namespace couponhook::wechatpay
