#pragma once

/// \file
/// Addresses of PostgreSQL servers, which may hold a password.

#include <string>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// \return the store's name for messages: server and database of a postgresql:// URL, without user
///   and password. A URL that libpq would not take is refused in words that repeat nothing secret.
[[nodiscard]] Connection::Result<std::string> name_of_postgres_url(const std::string& url);

}  // namespace couponhook::storage
