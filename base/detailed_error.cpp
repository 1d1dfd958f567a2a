#include "base/detailed_error.hpp"

namespace couponhook::base {

std::string fill_in(std::string_view message, std::span<const std::string> details) {
  constexpr std::string_view kHole = "{}";
  std::string text;
  for (const std::string& detail : details) {
    const std::size_t hole = message.find(kHole);
    if (hole == std::string_view::npos) break;
    text.append(message.substr(0, hole)).append(detail);
    message.remove_prefix(hole + kHole.size());
  }
  text.append(message);
  return text;
}

}  // namespace couponhook::base
