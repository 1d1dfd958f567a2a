#include "storage/postgres/postgres_store.hpp"

#include <algorithm>

#include "storage/migrations.hpp"
#include "storage/postgres/postgres_checks.hpp"
#include "storage/postgres/postgres_listener.hpp"

namespace couponhook::storage {
namespace {

using Result = Connection::Result<void>;

Result adopt_and_migrate(PostgresConnection& connection, std::int64_t now_ms) {
  if (auto durable = make_durable(connection); !durable) return durable;
  const auto version = check_identity(connection);
  if (!version) return version.error();
  if (*version >= current_schema_version()) return {};
  return migrate_alone(connection, now_ms);
}

Result adopt_as_it_is(PostgresConnection& connection) {
  const auto version = check_identity(connection);
  if (!version) return version.error();
  if (*version >= current_schema_version()) return {};
  const std::string& name = connection.options().name;
  if (*version == 0) {
    return Failure{FailureCode::kUnavailable,
                   "there is no store in " + name +
                       " yet: start the service once, which makes it, or check [store] url"};
  }
  return Failure{FailureCode::kUnavailable,
                 "store " + name + " has schema version " + std::to_string(*version) +
                     ", older than this couponhook's " + std::to_string(current_schema_version()) +
                     ": start the service once, which brings it up to date"};
}

Result adopt_durable_as_it_is(PostgresConnection& connection) {
  if (auto durable = make_durable(connection); !durable) return durable;
  return adopt_as_it_is(connection);
}

}  // namespace

Store::Result<std::unique_ptr<Store>> PostgresStore::open(const StoreUrl& url,
                                                          const StoreOptions& options,
                                                          std::int64_t now_ms) {
  using ServerState = PostgresSession::ServerState;
  std::unique_ptr<PostgresStore> store(new PostgresStore(url, options, Use::kServe, now_ms));
  auto connected = store->make_writer(WriterRole::kOperators)->connect();
  if (!connected && connected.error().code == FailureCode::kUnavailable && options.may_be_away) {
    const ServerState server_state = PostgresSession::test_server(url.address);
    // The test found that the server accepts connections: either the server became available
    // meanwhile, or the first connection failed for another reason. A second try shows which of the
    // two is true.
    if (server_state == ServerState::kOpen)
      connected = store->make_writer(WriterRole::kOperators)->connect();
    if (server_state == ServerState::kAway) connected = {};
  }
  if (!connected) return connected.error();
  return std::unique_ptr<Store>(std::move(store));
}

Store::Result<std::unique_ptr<Store>> PostgresStore::inspect(const StoreUrl& url,
                                                             const StoreOptions& options) {
  std::unique_ptr<PostgresStore> store(new PostgresStore(url, options, Use::kLook, 0));
  if (auto connected = store->make_reader()->connect(); !connected) return connected.error();
  return std::unique_ptr<Store>(std::move(store));
}

Store::Result<std::int64_t> PostgresStore::schema_version(const StoreUrl& url,
                                                          const StoreOptions& options) {
  PostgresTimes times;
  times.statement_max = options.statement_max;
  PostgresConnection connection(
      {.url = url.address, .name = url.name(), .times = times, .read_only = true});
  if (auto connected = connection.connect(); !connected) return connected.error();
  return check_identity(connection);
}

Store::Result<std::unique_ptr<Store>> PostgresStore::join(const StoreUrl& url,
                                                          const StoreOptions& options) {
  std::unique_ptr<PostgresStore> store(new PostgresStore(url, options, Use::kJoin, 0));
  if (auto connected = store->make_writer(WriterRole::kOperators)->connect(); !connected)
    return connected.error();
  return std::unique_ptr<Store>(std::move(store));
}

Store::Result<bool> PostgresStore::is_made(const StoreUrl& url, const StoreOptions& options) {
  PostgresConnection connection({.url = url.address,
                                 .name = url.name(),
                                 .times = {.statement_max = options.statement_max},
                                 .read_only = true,
                                 .adopt = make_durable});
  if (auto connected = connection.connect(); !connected) return connected.error();
  const auto version = check_identity(connection);
  if (!version) return version.error();
  return *version != 0;
}

std::unique_ptr<PostgresConnection> PostgresStore::make_writer(WriterRole role) const {
  PostgresTimes times;
  times.statement_max = options_.statement_max;
  // The lock limit must be shorter than the statement limit, so that the error shows whether a
  // statement waited for a lock or was slow.
  times.lock_max = std::min(times.lock_max, options_.statement_max / 2);
  if (role == WriterRole::kAdmissions) {
    // When a notification is stored, another transaction may have locked its row until that
    // transaction's commit is done, so the lock limit is longer here.
    times.lock_max = std::min(options_.admission_wait / 2, options_.statement_max * 3 / 4);
  }
  times.commit_max = options_.commit_max;
  PostgresConnection::Options options{
      .url = url_.address, .name = url_.name(), .times = times, .adopt = adopt_durable_as_it_is};
  if (use_ == Use::kServe) {
    options.adopt = [now_ms = now_ms_](PostgresConnection& connection) {
      return adopt_and_migrate(connection, now_ms);
    };
  }
  return std::make_unique<PostgresConnection>(std::move(options));
}

std::unique_ptr<PostgresConnection> PostgresStore::make_reader() const {
  PostgresTimes times;
  times.statement_max = options_.read_max;
  return std::make_unique<PostgresConnection>(PostgresConnection::Options{.url = url_.address,
                                                                          .name = url_.name(),
                                                                          .times = times,
                                                                          .read_only = true,
                                                                          .adopt = adopt_as_it_is});
}

Store::Result<std::unique_ptr<Connection>> PostgresStore::writer(WriterRole role) {
  if (use_ == Use::kLook) {
    return Failure{FailureCode::kUnavailable, "store " + url_.name() + " is open for reading only"};
  }
  return std::unique_ptr<Connection>(make_writer(role));
}

Store::Result<std::unique_ptr<Connection>> PostgresStore::reader() {
  return std::unique_ptr<Connection>(make_reader());
}

std::unique_ptr<WakeChannel> PostgresStore::wake_channel() const {
  return std::make_unique<PostgresListener>(url_.address, url_.name(), "couponhook_deliveries");
}

}  // namespace couponhook::storage
