#pragma once

/// \file
/// The service's metrics, in the text format of Prometheus.

#include <string>
#include <string_view>

#include "server/admin/admin_json.hpp"
#include "server/admin/runtime_metrics.hpp"

namespace couponhook::server {

/// Media type (Content-Type) of the Prometheus text format.
inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all metrics in the Prometheus text format. Their names start with couponhook_, those of
/// the process with process_. Labels hold merchant ids, key serials, event types, and names of
/// handlers and listeners, never personal data. Counters of HTTP replies belong to this process and
/// start at zero. Values from the store cover all replicas that share the store; these metrics are
/// left out when the store could not be read.
[[nodiscard]] std::string metrics_text(const StatusView& view, const RuntimeFigures& runtime);

}  // namespace couponhook::server
