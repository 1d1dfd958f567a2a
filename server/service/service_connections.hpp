#pragma once

/// \file
/// What a running service asks of its store.

#include <memory>

#include "server/config/config.hpp"
#include "server/outbound/reconciler.hpp"
#include "storage/inbox.hpp"
#include "storage/store.hpp"

namespace couponhook::server {

/// A connection for each thread that must not wait for another.
struct ServiceConnections {
  storage::Inbox::Connections writers;
  std::unique_ptr<storage::Connection> deliveries;
  std::unique_ptr<storage::Connection> reader;
  // What operators work through:
  std::unique_ptr<storage::Connection> control;
  std::unique_ptr<storage::Connection> retries;
  std::unique_ptr<storage::Connection> retries_reader;
  std::unique_ptr<storage::Connection> maintenance;
  std::unique_ptr<storage::WakeChannel> wake_channel;  ///< null where there are no replicas
};

[[nodiscard]] storage::Connection::Result<ServiceConnections> open_connections(
    storage::Store& store, const Config& config);

/// Its own, since it begins when a configuration gives it something to do.
[[nodiscard]] storage::Connection::Result<ReconcilerConnections> open_reconciler_connections(
    storage::Store& store);

}  // namespace couponhook::server
