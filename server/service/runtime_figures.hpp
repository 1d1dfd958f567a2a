#pragma once

/// \file
/// Reads the figures of the running service for its metrics.

#include "server/admin/runtime_metrics.hpp"
#include "server/config/config.hpp"
#include "server/delivery/worker.hpp"
#include "server/receive/signature_metrics.hpp"
#include "server/service/listener_threads.hpp"
#include "server/service/live_setup.hpp"
#include "storage/inbox.hpp"

namespace couponhook::server {

/// Parts of the service that have figures.
struct FigureSources {
  const Config& config;
  const LiveSetup& live;
  const ListenerThreads& public_listener;
  const ListenerThreads& admin_listener;
  const ListenerThreads* metrics_listener;  ///< null if metrics have no listener of their own
  const DeliveryWorker& worker;
  const storage::Inbox& inbox;
  const SignatureMetrics& signatures;
};

/// Reads the figures. Thread-safe.
[[nodiscard]] RuntimeFigures read_runtime_figures(const FigureSources& sources);

}  // namespace couponhook::server
