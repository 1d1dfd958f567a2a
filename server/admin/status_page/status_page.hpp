#pragma once

/// \file
/// The status page: three static files without data. Their script requests the data from the status
/// endpoint, with the token that an operator enters.

#include <optional>
#include <string_view>
#include <vector>

#include "server/net/http_message.hpp"

namespace couponhook::server {

/// Paths of the page's files.
[[nodiscard]] std::vector<std::string_view> status_page_files();

/// Finds a file of the status page.
/// \param target the target of the request; its query is ignored.
/// \return the reply with the file; nothing when the target is not a file of the page.
[[nodiscard]] std::optional<Reply> status_page(std::string_view target);

}  // namespace couponhook::server
