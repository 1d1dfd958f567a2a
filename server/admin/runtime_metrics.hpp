#pragma once

/// \file
/// Metrics of this process that are not in /status: connections, handler calls, commits, signature
/// checks, and the process itself.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.hpp"
#include "server/admin/process_figures.hpp"
#include "server/delivery/handler_counters.hpp"
#include "server/net/handshake_counts.hpp"
#include "storage/inbox.hpp"

namespace couponhook::server {

class MetricFamilies;

/// Figures of one listener.
struct ListenerFigures {
  std::string listener;  ///< name of the listener: "public", "admin" or "metrics"
  std::size_t connections = 0;
  HandshakeCounts handshakes;
  /// Expiry of the certificate that the listener uses; empty if it speaks plain HTTP.
  std::optional<std::chrono::sys_seconds> certificate_end;
};

/// A snapshot of the figures of this process since its start.
struct RuntimeFigures {
  std::vector<ListenerFigures> listeners;
  std::vector<HandlerFigures> handlers;
  storage::CommitHistograms commits;
  base::HistogramCounts verify_times;  ///< times of the signature checks, in microseconds
  /// WeChat Pay's clock minus this machine's clock; empty before the first signed notification.
  std::optional<std::chrono::milliseconds> clock_offset;
  /// Free bytes of the file system that holds the SQLite store; empty for PostgreSQL.
  std::optional<std::uint64_t> store_free_bytes;
  ProcessFigures process;
};

/// Function that takes the snapshot. Thread-safe.
using ReadRuntimeFigures = std::function<RuntimeFigures()>;

/// Adds the metrics of this process to the families.
void collect_runtime(MetricFamilies& families, const RuntimeFigures& figures);

}  // namespace couponhook::server
