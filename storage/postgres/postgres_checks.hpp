#pragma once

/// \file
/// Checks of a PostgreSQL server and its database, made before a store uses them.

#include "storage/postgres/postgres_connection.hpp"

namespace couponhook::storage {

/// Fails if a setting of the PostgreSQL server would allow a commit to be lost. Also sets
/// synchronous_commit for the session to the value that it has now, so that a later change at the
/// server does not affect the session.
[[nodiscard]] Connection::Result<void> make_durable(PostgresConnection& connection);

/// Checks the PostgreSQL schema (namespace of tables) in which the connection works.
/// \return the version of couponhook's tables in that schema; 0 if the schema has none. Fails if
/// tables of another program have the same names, if couponhook's tables are unlogged, or if their
/// version is too new.
[[nodiscard]] Connection::Result<std::int64_t> check_identity(PostgresConnection& connection);

/// Runs the schema migrations that the database does not have yet. A lock prevents other replicas
/// from running migrations at the same time.
[[nodiscard]] Connection::Result<void> migrate_alone(PostgresConnection& connection,
                                                     std::int64_t now_ms);

}  // namespace couponhook::storage
