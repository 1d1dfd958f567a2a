#pragma once

/// \file
/// Store connections that a running service needs.

#include <memory>

#include "server/config/config.hpp"
#include "server/outbound/reconciler.hpp"
#include "storage/inbox.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// One connection for each thread that must not wait for another one.
struct ServiceConnections {
  storage::Inbox::Connections writers;
  std::unique_ptr<storage::Connection> deliveries;
  std::unique_ptr<storage::Connection> reader;
  // For the operators' actions: control, retries and retries_reader.
  std::unique_ptr<storage::Connection> control;
  std::unique_ptr<storage::Connection> retries;
  std::unique_ptr<storage::Connection> retries_reader;
  std::unique_ptr<storage::Connection> maintenance;
  /// Wakes the other replicas; null when only one service can use the store (SQLite).
  std::unique_ptr<storage::WakeChannel> wake_channel;
};

[[nodiscard]] storage::Connection::Result<ServiceConnections> open_connections(
    storage::Store& store, const Config& config);

/// Opens the connections of the scheduled reconciliation. They are opened separately, because a
/// reload may start reconciliation later than the service.
[[nodiscard]] storage::Connection::Result<ReconcilerConnections> open_reconciler_connections(
    storage::Store& store);

}  // namespace couponhook::server
