#pragma once

/// \file
/// Checks a PostgreSQL URL, and removes its password for messages.

#include <string>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// \return the store's name for messages: server and database of a postgresql:// URL, without user
/// and password. Fails if libpq does not accept the URL; the message repeats no secret.
[[nodiscard]] Connection::Result<std::string> name_of_postgres_url(const std::string& url);

}  // namespace couponhook::storage
