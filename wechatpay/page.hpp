#pragma once

/// \file
/// Lists that come in pages.

#include <cstdint>
#include <vector>

namespace couponhook::wechatpay {

struct PageRequest {
  std::int64_t offset = 0;
  std::int64_t limit = 0;
};

/// The highest offset asked for where the documentation names none.
inline constexpr std::int64_t kOffsetMax = 1'000'000;

template <typename T>
struct Page {
  std::vector<T> items;
  std::int64_t total_count = 0;
  std::int64_t offset = 0;
  std::int64_t limit = 0;
};

}  // namespace couponhook::wechatpay
