#include "server/service/service_connections.hpp"

#include <optional>
#include <utility>

namespace couponhook::server {
namespace {

using OpenedConnection = storage::Connection::Result<std::unique_ptr<storage::Connection>>;

/// Collects the results when several store connections are opened, and keeps the first failure.
class Opening {
 public:
  void keep(OpenedConnection opened, std::unique_ptr<storage::Connection>& into) {
    if (opened) {
      into = std::move(*opened);
    } else if (!failure_) {
      failure_ = opened.error();
    }
  }
  [[nodiscard]] const std::optional<storage::Failure>& failure() const { return failure_; }

 private:
  std::optional<storage::Failure> failure_;
};

}  // namespace

storage::Connection::Result<ServiceConnections> open_connections(storage::Store& store,
                                                                 const Config& config) {
  ServiceConnections all;
  auto writers = store.writers(config.store.connections);
  if (!writers) return writers.error();
  all.writers = std::move(*writers);
  Opening opening;
  opening.keep(store.writer(storage::WriterRole::kDeliveries), all.deliveries.deliveries);
  opening.keep(store.reader(), all.operators.reader);
  opening.keep(store.writer(storage::WriterRole::kOperators), all.operators.control);
  opening.keep(store.writer(storage::WriterRole::kMaintenance), all.operators.retries);
  opening.keep(store.reader(), all.operators.retries_reader);
  opening.keep(store.writer(storage::WriterRole::kMaintenance), all.maintenance);
  all.deliveries.wake_channel = store.wake_channel();
  if (opening.failure()) return *opening.failure();
  return all;
}

storage::Connection::Result<ReconcilerConnections> open_reconciler_connections(
    storage::Store& store) {
  ReconcilerConnections all;
  Opening opening;
  opening.keep(store.reader(), all.ledger);
  opening.keep(store.reader(), all.notifications);
  opening.keep(store.writer(storage::WriterRole::kMaintenance), all.lease);
  if (opening.failure()) return *opening.failure();
  return all;
}

}  // namespace couponhook::server
