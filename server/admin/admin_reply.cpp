#include "server/admin/admin_reply.hpp"

#include <charconv>

#include "base/wechat_time.hpp"
#include "server/admin/admin_json.hpp"

namespace couponhook::server {

Reply json_reply(unsigned status, std::string body) {
  Reply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

Reply error(unsigned status, std::string_view code, std::string_view message) {
  return json_reply(status, error_json(code, message));
}

Reply store_failed(const storage::Failure& failure) {
  return error(503, "STORE_UNAVAILABLE", failure.message);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_time_ms(std::string_view text) {
  if (const auto time = base::parse_event_time(text)) return time->time_since_epoch().count();
  constexpr std::int64_t kUnixSecondsMax = 100'000'000'000;
  const auto unix_s = parse_number(text);
  if (!unix_s || *unix_s < -kUnixSecondsMax || *unix_s > kUnixSecondsMax) return std::nullopt;
  return *unix_s * 1000;
}

}  // namespace couponhook::server
