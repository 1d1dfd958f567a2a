#pragma once

/// \file
/// Translates errors of PostgreSQL into messages for operators.

#include <string>
#include <string_view>

#include "storage/failure.hpp"

namespace couponhook::storage {

/// \return the failure that describes an error of a PostgreSQL server, with a message for the
/// operator.
/// \param sqlstate error code of five characters; empty if the server sent none.
/// \param message the server's primary message. It is repeated only if it cannot contain stored
/// data.
[[nodiscard]] Failure postgres_failure(std::string_view sqlstate, std::string_view message,
                                       std::string_view store_name);

/// Returns true if a statement error with this code also ends the PostgreSQL session.
[[nodiscard]] bool ends_session(std::string_view sqlstate);

/// Returns true if a server that refuses a connection with this error code (because it is full,
/// starting or stopping) may accept a connection later without any action of an operator.
[[nodiscard]] bool is_passing(std::string_view sqlstate);

/// \return the message of libpq as a single line, without its line breaks and indents.
[[nodiscard]] std::string on_one_line(std::string_view message);

}  // namespace couponhook::storage
