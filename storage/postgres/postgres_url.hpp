#pragma once

/// \file
/// Checks a PostgreSQL URL, and makes a name for messages from it without its password.

#include <string>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// \return a name of the store for messages: server and database of a postgresql:// URL, without
/// user and password. Fails if libpq does not accept the URL; the error message contains no secret.
[[nodiscard]] Connection::Result<std::string> name_of_postgres_url(const std::string& url);

}  // namespace couponhook::storage
