#pragma once

/// \file
/// What the sandbox answers where: WeChat Pay's APIs, and those by which it is told what to do.

#include "sandbox/call.hpp"
#include "sandbox/platform.hpp"

namespace couponhook::server::sandbox {

// Each adds the routes of one topic. `platform` must outlive the routes. Paths, fields and errors
// are those of the protocol reference, sections 1.7 and 4 to 6.
void add_certificate_routes(Routes& routes, Platform& platform);
void add_callback_routes(Routes& routes, Platform& platform);
void add_stock_routes(Routes& routes, Platform& platform);
void add_coupon_routes(Routes& routes, Platform& platform);
void add_busifavor_routes(Routes& routes, Platform& platform);
void add_flow_routes(Routes& routes, Platform& platform);

// Below /sandbox/, for whoever is on this machine: nobody signs these.
void add_deed_routes(Routes& routes, Platform& platform);     ///< issue, redeem, refund, end
void add_trouble_routes(Routes& routes, Platform& platform);  ///< faults, errors, rollover
void add_report_routes(Routes& routes, Platform& platform);   ///< books, notifications, keys

/// All of them.
[[nodiscard]] Routes make_routes(Platform& platform);

/// The body of an error reply.
[[nodiscard]] std::string error_body(const ApiError& error);

}  // namespace couponhook::server::sandbox
