#pragma once

/// \file
/// The status page: three files without any data, which ask the status endpoint with the token that
/// an operator gives them.

#include <optional>
#include <string_view>

#include "server/net/http_message.hpp"

namespace couponhook::server {

/// \param target as requested; a query does not matter.
/// \return the page or one of its files; nothing where the target is none of them.
[[nodiscard]] std::optional<Reply> status_page(std::string_view target);

}  // namespace couponhook::server
