#include "server/admin/status_page/status_page.hpp"

#include <string>

#include "status_page_files.hpp"

namespace couponhook::server {
namespace {

/// Value of the Content-Security-Policy header of the console. The browser then allows only the
/// console's own scripts, styles and requests, even if a notification contains HTML.
constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

std::span<const PageFile> status_page_files() {
  return kPageFiles;
}

Reply page_reply(const PageFile& file, std::string_view if_none_match) {
  Reply reply;
  // Any position will do: an ETag is a quoted hash, so it is part of no other ETag. A proxy may
  // have made it a weak one (W/"…").
  const bool is_known = if_none_match.find(file.etag) != std::string_view::npos;
  reply.status = is_known ? 304 : 200;
  reply.content_type = file.content_type;
  if (!is_known) reply.body = file.content;
  reply.headers = {{"Content-Security-Policy", std::string(kContentPolicy)},
                   {"X-Content-Type-Options", "nosniff"},
                   {"Referrer-Policy", "no-referrer"},
                   {"Cache-Control", "no-cache"},
                   {"ETag", std::string(file.etag)}};
  return reply;
}

}  // namespace couponhook::server
