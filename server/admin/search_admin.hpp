#pragma once

/// \file
/// Answers `GET /search`: finds everything that belongs to one identifier.

#include "base/url.hpp"
#include "server/net/http_message.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// Answers `GET /search?q=` with the notifications, deliveries, attempts and ledger of a
/// notification, coupon, stock, payment, refund or user. A user is named by the SHA-256 digest of
/// the openid, because a URL is written into logs and histories of browsers; a plain openid is
/// refused. The reply contains no content of notifications, and so no openid.
[[nodiscard]] Reply search_reply(storage::Reader& reader, const base::RequestTarget& target);

}  // namespace couponhook::server
