#pragma once

/// \file
/// Opens the store connections that a running service needs.

#include <memory>

#include "server/config/config.hpp"
#include "server/outbound/reconciler.hpp"
#include "storage/inbox.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// The store connections of the handlers' deliveries.
struct DeliveryConnections {
  std::unique_ptr<storage::Connection> deliveries;
  /// Wakes the delivery workers of the other replicas. Null when only one service can use the store
  /// (SQLite).
  std::unique_ptr<storage::WakeChannel> wake_channel;
};

/// The store connections of the status endpoint.
struct OperatorConnections {
  std::unique_ptr<storage::Connection> reader;
  // The three store connections from here on are for operators' actions, such as retry, skip and
  // pause.
  std::unique_ptr<storage::Connection> control;
  std::unique_ptr<storage::Connection> retries;
  std::unique_ptr<storage::Connection> retries_reader;
};

/// The store connections of the service: one for each thread that must not wait for another thread.
struct ServiceConnections {
  storage::Inbox::Connections writers;
  DeliveryConnections deliveries;
  OperatorConnections operators;
  std::unique_ptr<storage::Connection> maintenance;
};

[[nodiscard]] storage::Connection::Result<ServiceConnections> open_connections(
    storage::Store& store, const Config& config);

/// Opens the store connections for the scheduled reconciliation. They are opened separately,
/// because a configuration reload may start the reconciliation later than the service.
[[nodiscard]] storage::Connection::Result<ReconcilerConnections> open_reconciler_connections(
    storage::Store& store);

}  // namespace couponhook::server
