#pragma once

/// \file
/// The status page for operators: three static files (HTML, CSS, JavaScript) that contain no data
/// of the service. The script in the page requests the data from the status endpoint, with the
/// token that an operator enters.

#include <optional>
#include <string_view>
#include <vector>

#include "server/net/http_message.hpp"

namespace couponhook::server {

/// URL paths of the status page's files.
[[nodiscard]] std::vector<std::string_view> status_page_files();

/// Finds the file of the status page that a request asks for.
/// \param target target (path and query) of the HTTP request; the query is ignored.
/// \return the reply with the file; nothing when the target is not a file of the status page.
[[nodiscard]] std::optional<Reply> status_page(std::string_view target);

}  // namespace couponhook::server
