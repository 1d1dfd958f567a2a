#pragma once

/// \file
/// All HTTP routes of the sandbox: WeChat Pay's APIs, and the control routes below /sandbox/.

#include "sandbox/call.hpp"
#include "sandbox/platform.hpp"

namespace couponhook::server::sandbox {

// Each add function below adds the routes of one topic. `platform` must outlive the routes. Paths,
// fields and errors follow the protocol reference, sections 1.7 and 4 to 6.
void add_certificate_routes(Routes& routes, Platform& platform);
void add_callback_routes(Routes& routes, Platform& platform);
void add_stock_routes(Routes& routes, Platform& platform);
void add_coupon_routes(Routes& routes, Platform& platform);
void add_busifavor_routes(Routes& routes, Platform& platform);
void add_flow_routes(Routes& routes, Platform& platform);

// Control routes below /sandbox/. Requests to them are not signed, so only this machine may send
// them.
void add_event_routes(Routes& routes, Platform& platform);    ///< routes that issue, redeem and
                                                              ///< refund coupons and end stocks
void add_trouble_routes(Routes& routes, Platform& platform);  ///< routes for faults, errors and key
                                                              ///< rollover
void add_report_routes(Routes& routes, Platform& platform);   ///< routes that show records,
                                                              ///< notifications and keys

/// Makes the routing table with the routes of all topics.
[[nodiscard]] Routes make_routes(Platform& platform);

/// Returns the JSON body of an error reply.
[[nodiscard]] std::string error_body(const ApiError& error);

}  // namespace couponhook::server::sandbox
