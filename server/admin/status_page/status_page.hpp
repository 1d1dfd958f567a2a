#pragma once

/// \file
/// The console for operators: static files (HTML, CSS, JavaScript) that contain no data of the
/// service. The scripts in the page request the data from the status endpoint, with the token that
/// an operator enters.

#include <span>
#include <string_view>

#include "server/net/http_message.hpp"

namespace couponhook::server {

/// A file of the console.
struct PageFile {
  std::string_view path;
  std::string_view content_type;
  std::string_view etag;  ///< value of the ETag header, with its quotes; changes with the content
  std::string_view content;
};

/// All files of the console. They exist as long as the program runs.
[[nodiscard]] std::span<const PageFile> status_page_files();

/// Makes the reply that carries a file of the console, with the headers that protect the page.
/// \param if_none_match value of the request's If-None-Match header; empty if it has none. If it
///   names the file's ETag, the reply has status 304 and no body.
[[nodiscard]] Reply page_reply(const PageFile& file, std::string_view if_none_match);

}  // namespace couponhook::server
