#pragma once

/// \file
/// What the service counts, for Prometheus.

#include <string>
#include <string_view>

#include "server/admin/admin_json.hpp"

namespace couponhook::server {

/// The text format's media type.
inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

/// Families named couponhook_*. Labels hold merchants, key serials and event types, nothing of a
/// person. Counts of replies are this process's own and begin at zero with it; what is read from
/// the store belongs to all replicas that share it, and is left out where it could not be read.
[[nodiscard]] std::string metrics_text(const StatusView& view);

}  // namespace couponhook::server
