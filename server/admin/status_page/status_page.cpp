#include "server/admin/status_page/status_page.hpp"

#include <array>
#include <string>

#include "status_page_files.hpp"

namespace couponhook::server {
namespace {

constexpr std::array<PageFile, 3> kFiles{{
    {"/", "text/html; charset=utf-8", kPageHtml},
    {"/page.css", "text/css; charset=utf-8", kPageCss},
    {"/page.js", "text/javascript; charset=utf-8", kPageJs},
}};

/// Value of the Content-Security-Policy header of the status page. The browser then allows only the
/// page's own scripts, styles and requests, even if a notification contains HTML.
constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

std::span<const PageFile> status_page_files() {
  return kFiles;
}

Reply page_reply(const PageFile& file) {
  Reply reply;
  reply.status = 200;
  reply.content_type = file.content_type;
  reply.body = file.content;
  reply.headers = {{"Content-Security-Policy", std::string(kContentPolicy)},
                   {"X-Content-Type-Options", "nosniff"},
                   {"Referrer-Policy", "no-referrer"},
                   {"Cache-Control", "no-cache"}};
  return reply;
}

}  // namespace couponhook::server
