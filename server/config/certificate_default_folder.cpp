#include "server/config/certificate_default_folder.hpp"

#include <algorithm>

#include "storage/store.hpp"

namespace couponhook::server {
namespace {

bool is_placed_by_default(const MerchantConfig& merchant) {
  return merchant.api && !merchant.api->names_certificate_directory;
}

}  // namespace

void place_certificate_directories(Config& config) {
  const auto url = storage::parse_store_url(config.store.url, config.directory);
  if (!url || url->path.empty()) return;
  const auto folder = url->path.parent_path() / "certificates";
  const bool are_several = std::ranges::count_if(config.merchants, is_placed_by_default) > 1;
  for (MerchantConfig& merchant : config.merchants) {
    if (!is_placed_by_default(merchant)) continue;
    merchant.api->certificate_directory = are_several ? folder / merchant.mchid : folder;
  }
}

}  // namespace couponhook::server
