#include "server/receive/nearest_path.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "base/ascii.hpp"

namespace couponhook::server {
namespace {

constexpr std::size_t kPathBytesMax = 256;
/// Largest number of characters that may differ between a mistyped path and the path it means.
constexpr std::size_t kDifferenceMax = 3;

/// Returns the Levenshtein distance: the number of characters to insert, remove or replace to turn
/// one text into the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_path(const Merchants& merchants, std::string_view path) {
  if (path.size() > kPathBytesMax) return {};
  const std::string asked = base::lower_case(path);
  std::string nearest;
  std::size_t least = kDifferenceMax + 1;
  for (const Merchant& merchant : merchants.all()) {
    if (path.find(merchant.mchid) != std::string_view::npos) return merchant.path;
    const std::size_t difference = distance(asked, base::lower_case(merchant.path));
    if (difference < least) {
      least = difference;
      nearest = merchant.path;
    }
  }
  return nearest;
}

}  // namespace couponhook::server
