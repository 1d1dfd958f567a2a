#pragma once

/// \file
/// PostgreSQL's errors in an operator's words.

#include <string>
#include <string_view>

#include "storage/failure.hpp"

namespace couponhook::storage {

/// \param sqlstate five characters; empty where the server said none.
/// \param message the server's primary message, which is repeated only where it cannot hold
/// content.
[[nodiscard]] Failure postgres_failure(std::string_view sqlstate, std::string_view message,
                                       std::string_view store_name);

/// Whether a statement that failed so was the end of its session.
[[nodiscard]] bool ends_session(std::string_view sqlstate);

/// Whether a server that refuses a connection so, since it is full, starting or ending, may take it
/// later without anybody's doing.
[[nodiscard]] bool is_passing(std::string_view sqlstate);

/// On one line, without the line ends and indents that libpq sets its messages in.
[[nodiscard]] std::string on_one_line(std::string_view message);

}  // namespace couponhook::storage
