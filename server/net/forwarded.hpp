#pragma once

/// \file
/// Reads the addresses that proxies wrote into the headers of a request.

#include <string_view>
#include <vector>

#include "server/net/request_parser.hpp"

namespace couponhook::server {

/// Returns the addresses that a request's headers name for its way through proxies, the client
/// first. They come from X-Forwarded-For; without it, from the `for` parameters of Forwarded (RFC
/// 7239, section 4); without both, from X-Real-IP. Anybody can write these headers, so the caller
/// must check which addresses to believe (see TrustedProxies).
///
/// An entry may have a port, as in "203.0.113.7:4711" or "[2001:db8::7]:4711", and may be no
/// address at all, such as "unknown". An element of Forwarded without `for` gives an empty entry.
/// \param request must outlive the result, whose entries point into the request's header.
[[nodiscard]] std::vector<std::string_view> forwarded_addresses(const RequestParts& request);

}  // namespace couponhook::server
