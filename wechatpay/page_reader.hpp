#pragma once

/// \file
/// Parses an API reply that contains one page of a list. Internal header: only wechatpay/ includes
/// it.

#include <string_view>

#include "wechatpay/api_error.hpp"
#include "wechatpay/json_view.hpp"
#include "wechatpay/page.hpp"

namespace couponhook::wechatpay {

/// Parses an API reply that contains one page of a list.
/// \param read function that converts one element of the JSON array "data" to an item of the list.
///   "data" may be missing if the list is empty.
/// \return the page with its items, or an error.
template <typename Read>
auto read_page(Api api, std::string_view body, const Read& read)
    -> ApiResult<Page<decltype(read(JsonView(nullptr)))>> {
  const auto json = JsonText::parse(body);
  if (!json || !json->root().number("total_count")) return unreadable(api, "total_count");
  const JsonView root = json->root();
  Page<decltype(read(root))> page;
  page.total_count = root.number("total_count").value_or(0);
  page.offset = root.number("offset").value_or(0);
  page.limit = root.number("limit").value_or(0);
  for (const JsonView& element : root.array("data")) page.items.push_back(read(element));
  return page;
}

}  // namespace couponhook::wechatpay
