#include "sandbox/query.hpp"

#include <charconv>

namespace couponhook::server::sandbox {

void Query::require(bool holds, std::string message) {
  if (!holds && !error_) error_ = param_error(std::move(message));
}

std::string Query::text(const char* name) {
  std::string value = optional_text(name);
  require(!value.empty(), std::string(name) + "必填");
  return value;
}

std::string Query::optional_text(const char* name) const {
  return std::string(target_.parameter(name).value_or(""));
}

std::int64_t Query::integer(const char* name, std::int64_t most, std::int64_t otherwise) {
  const auto text = target_.parameter(name);
  if (!text) return otherwise;
  std::int64_t value = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, ec] = std::from_chars(text->data(), end, value);
  require(ec == std::errc() && stop == end && value >= 0 && value <= most,
          std::string(name) + "超过阈值" + std::to_string(most));
  return value;
}

Page read_page(Query& query, std::int64_t offset_max, std::int64_t limit_max) {
  Page page{query.integer("offset", offset_max, 0), query.integer("limit", limit_max, limit_max)};
  query.require(page.limit > 0, "limit必须大于0");
  return page;
}

Result<base::JsonObject> read_body(const Call& call) {
  using Body = Result<base::JsonObject>;
  auto body = base::parse_object(call.body, {});
  if (!body) return Body(boost::system::in_place_error, param_error("请求体不是合法的JSON对象"));
  return Body(boost::system::in_place_value, std::move(*body));
}

}  // namespace couponhook::server::sandbox
