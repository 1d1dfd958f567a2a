#pragma once

/// \file
/// The status page for operators: three static files (HTML, CSS, JavaScript) that contain no data
/// of the service. The script in the page requests the data from the status endpoint, with the
/// token that an operator enters.

#include <span>
#include <string_view>

#include "server/net/http_message.hpp"

namespace couponhook::server {

/// A file of the status page.
struct PageFile {
  std::string_view path;
  std::string_view content_type;
  std::string_view content;
};

/// All files of the status page. They exist as long as the program runs.
[[nodiscard]] std::span<const PageFile> status_page_files();

/// Makes the reply that carries a file of the status page, with the headers that protect the page.
[[nodiscard]] Reply page_reply(const PageFile& file);

}  // namespace couponhook::server
