#include "server/reload.hpp"

#include "server/file.hpp"

namespace couponhook::server {

FileWatch::FileWatch(const Config& config) {
  patterns_.push_back(config.file);
  patterns_.push_back(config.listener.tls_certificate);
  patterns_.push_back(config.listener.tls_private_key);
  patterns_.push_back(config.admin.tls_certificate);
  patterns_.push_back(config.admin.tls_private_key);
  patterns_.push_back(config.admin.token_file);
  for (const MerchantConfig& merchant : config.merchants) {
    patterns_.insert(patterns_.end(), merchant.api_v3_key_files.begin(),
                     merchant.api_v3_key_files.end());
    patterns_.insert(patterns_.end(), merchant.platform_certificates.begin(),
                     merchant.platform_certificates.end());
    for (const auto& key : merchant.platform_public_keys) patterns_.push_back(key.file);
    if (merchant.api) patterns_.push_back(merchant.api->certificate_directory);
  }
  for (const HandlerConfig& handler : config.handlers) {
    const auto* http = std::get_if<HttpHandlerConfig>(&handler.own);
    if (http != nullptr) patterns_.push_back(http->secret_file);
  }
  marks_ = look();
}

bool FileWatch::changed() {
  auto marks = look();
  const bool differs = marks != marks_;
  marks_ = std::move(marks);
  return differs;
}

std::vector<FileWatch::Mark> FileWatch::look() const {
  std::vector<Mark> marks;
  for (const auto& pattern : patterns_) {
    for (const auto& file : expand_path(pattern)) {
      std::error_code ec;
      const auto size = std::filesystem::file_size(file, ec);
      const auto time = std::filesystem::last_write_time(file, ec);
      marks.emplace_back(file, ec ? 0 : size, ec ? 0 : time.time_since_epoch().count());
    }
  }
  return marks;
}

}  // namespace couponhook::server
