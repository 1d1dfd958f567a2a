#pragma once

/// \file
/// Checks of a PostgreSQL server and database before a store uses them.

#include "storage/postgres/postgres_connection.hpp"

namespace couponhook::storage {

/// Refuses server settings under which a commit may be lost. Also sets synchronous_commit for the
/// session to the value that it has, so that a later change at the server does not affect the
/// session.
[[nodiscard]] Connection::Result<void> make_durable(PostgresConnection& connection);

/// Checks the schema (in the sense of PostgreSQL) that the connection works in.
/// \return the version of couponhook's tables there, 0 if there are none. Fails if tables of
/// another program have their names, if couponhook's tables are unlogged, or if their version is
/// too new.
[[nodiscard]] Connection::Result<std::int64_t> check_identity(PostgresConnection& connection);

/// Runs the missing migrations, while a lock keeps other replicas from doing the same.
[[nodiscard]] Connection::Result<void> migrate_alone(PostgresConnection& connection,
                                                     std::int64_t now_ms);

}  // namespace couponhook::storage
