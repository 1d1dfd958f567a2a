#pragma once

/// \file
/// Translates errors of PostgreSQL into messages for operators.

#include <string>
#include <string_view>

#include "storage/failure.hpp"

namespace couponhook::storage {

/// \param sqlstate five characters; empty if the server sent none.
/// \param message the server's primary message. It is repeated only if it cannot contain data.
[[nodiscard]] Failure postgres_failure(std::string_view sqlstate, std::string_view message,
                                       std::string_view store_name);

/// Returns true if this error of a statement also ends the session.
[[nodiscard]] bool ends_session(std::string_view sqlstate);

/// Returns true if a server that refuses a connection with this error (it is full, starting or
/// stopping) may accept it later without any change by an operator.
[[nodiscard]] bool is_passing(std::string_view sqlstate);

/// \return the message on one line, without the line breaks and indents of libpq.
[[nodiscard]] std::string on_one_line(std::string_view message);

}  // namespace couponhook::storage
