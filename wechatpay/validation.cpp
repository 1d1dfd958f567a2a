#include "wechatpay/validation.hpp"

#include <algorithm>
#include <iterator>

#include "base/ascii.hpp"

namespace couponhook::wechatpay {

void Rules::add(std::vector<RuleViolation> found) {
  std::move(found.begin(), found.end(), std::back_inserter(violations_));
}

bool has_length(std::string_view text, std::size_t min, std::size_t max) {
  return text.size() >= min && text.size() <= max;
}

bool is_number(std::string_view text, std::size_t digits_max) {
  return has_length(text, 1, digits_max) &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_request_no(std::string_view text) {
  const auto is_allowed = [](char c) {
    return base::is_alphanumeric(c) || c == '|' || c == '_' || c == '*' || c == '-';
  };
  return has_length(text, 1, 128) && std::all_of(text.begin(), text.end(), is_allowed);
}

void check_page(Rules& rules, const PageRequest& page, std::int64_t offset_max,
                std::int64_t limit_max) {
  rules.check(page.offset >= 0 && page.offset <= offset_max, "offset",
              "must be 0 to " + std::to_string(offset_max));
  rules.check(page.limit >= 1 && page.limit <= limit_max, "limit",
              "must be 1 to " + std::to_string(limit_max));
}

void check_user(Rules& rules, std::string_view openid, std::string_view appid) {
  rules.check(has_length(openid, 1, 128), "openid", "must be the user's openid under appid");
  rules.check(has_length(appid, 1, 128), "appid",
              "must be an appid that is bound to the calling merchant");
}

}  // namespace couponhook::wechatpay
