#include "server/net/forwarded.hpp"

#include "base/ascii.hpp"
#include "server/net/http_grammar.hpp"

namespace couponhook::server {
namespace {

/// Returns the value of the parameter `for` in one element of Forwarded, without its quotes; an
/// empty text if the element has no such parameter.
std::string_view for_parameter(std::string_view element) {
  constexpr std::string_view kFor = "for=";
  std::string_view value;
  for_each_part(element, ';', [&](std::string_view parameter) {
    if (base::starts_ignoring_case(parameter, kFor)) value = parameter.substr(kFor.size());
  });
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return value;
}

}  // namespace

// A quote without its end must not hide the address that a proxy appends after it. So the parts of
// a header are split at every separator, also inside quotes; no address has a separator in it.
std::vector<std::string_view> forwarded_addresses(const RequestParts& request) {
  std::vector<std::string_view> addresses;
  for (const std::string_view line : request.find_all("X-Forwarded-For")) {
    for_each_part(line, ',', [&](std::string_view address) { addresses.push_back(address); });
  }
  if (!addresses.empty()) return addresses;
  for (const std::string_view line : request.find_all("Forwarded")) {
    for_each_part(line, ',',
                  [&](std::string_view element) { addresses.push_back(for_parameter(element)); });
  }
  if (!addresses.empty()) return addresses;
  return request.find_all("X-Real-IP");
}

}  // namespace couponhook::server
