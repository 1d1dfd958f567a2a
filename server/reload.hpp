#pragma once

/// \file
/// Notices that key and certificate files have changed.

#include <cstdint>
#include <filesystem>
#include <tuple>
#include <vector>

#include "server/config/config.hpp"

namespace couponhook::server {

/// Knows files by size and time of change. Not thread-safe.
class FileWatch {
 public:
  /// Watches the TLS files, the admin token, platform keys, APIv3 keys, the secrets of http
  /// handlers and the configuration file itself.
  explicit FileWatch(const Config& config);

  /// \return true where any of them differs from the last time this was asked.
  [[nodiscard]] bool changed();

 private:
  using Mark = std::tuple<std::filesystem::path, std::uintmax_t, std::int64_t>;
  [[nodiscard]] std::vector<Mark> look() const;

  std::vector<std::filesystem::path> patterns_;
  std::vector<Mark> marks_;
};

}  // namespace couponhook::server
