#pragma once

/// \file
/// What a PostgreSQL server and database are asked before they are trusted.

#include "storage/postgres/postgres_connection.hpp"

namespace couponhook::storage {

/// Refuses settings under which a commit may be forgotten, and keeps the session from being set so
/// later.
[[nodiscard]] Connection::Result<void> make_durable(PostgresConnection& connection);

/// Looks at the schema that the connection works in.
/// \return the version of our tables there, 0 where there are none; a failure where tables of
///   somebody else have their names, or where they are unlogged, or too new.
[[nodiscard]] Connection::Result<std::int64_t> check_identity(PostgresConnection& connection);

/// Takes the migrations that are missing, while no other replica does.
[[nodiscard]] Connection::Result<void> migrate_alone(PostgresConnection& connection,
                                                     std::int64_t now_ms);

}  // namespace couponhook::storage
