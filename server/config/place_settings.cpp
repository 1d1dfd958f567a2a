#include "server/config/place_settings.hpp"

#include <algorithm>

#include "storage/store.hpp"

namespace couponhook::server {
namespace {

/// Makes each path of a table absolute, and of the tables in it.
void make_paths_absolute(Setting& setting) {
  const auto absolute = [](std::string& path) {
    if (!path.empty()) path = std::filesystem::absolute(path).lexically_normal().string();
  };
  if (setting.kind == SettingKind::kPath) absolute(std::get<std::string>(setting.value));
  if (setting.kind == SettingKind::kPaths) {
    std::ranges::for_each(std::get<std::vector<std::string>>(setting.value), absolute);
  }
  std::ranges::for_each(setting.children, make_paths_absolute);
}

}  // namespace

void place_settings(const Config& config, Setting& settings) {
  if (Setting* merchants = settings.find("merchant")) {
    auto merchant = config.merchants.begin();
    for (Setting& table : merchants->children) {
      if (merchant == config.merchants.end()) break;
      Setting* api = table.find("api");
      Setting* folder = api == nullptr ? nullptr : api->find("certificate_directory");
      if (folder != nullptr && merchant->api) {
        folder->value = merchant->api->certificate_directory.string();
      }
      ++merchant;
    }
  }
  make_paths_absolute(settings);
  const auto url = storage::parse_store_url(config.store.url, config.directory);
  if (!url || url->path.empty()) return;
  const auto path = std::filesystem::absolute(url->path).lexically_normal();
  settings.find("store")->find("url")->value = "sqlite:" + path.string();
}

}  // namespace couponhook::server
