#pragma once

/// \file
/// All HTTP routes of the sandbox (a simulated WeChat Pay): WeChat Pay's APIs, and the control
/// routes whose paths begin with /sandbox/.

#include "sandbox/call.hpp"
#include "sandbox/platform.hpp"

namespace couponhook::server::sandbox {

// Each of these functions adds the routes of one group of WeChat Pay's APIs to the routing table.
// `platform` must outlive the routing table. Paths, fields and errors follow WeChat Pay's
// documentation.
void add_certificate_routes(Routes& routes, Platform& platform);
void add_callback_routes(Routes& routes, Platform& platform);
void add_stock_routes(Routes& routes, Platform& platform);
void add_coupon_routes(Routes& routes, Platform& platform);
void add_busifavor_routes(Routes& routes, Platform& platform);
void add_flow_routes(Routes& routes, Platform& platform);

// Each of these functions adds control routes, whose paths begin with /sandbox/. Requests to
// control routes are not signed, so the sandbox accepts them only from this machine.
/// Adds the routes that issue, redeem and refund coupons, and that end stocks (batches of coupons,
/// 批次).
void add_event_routes(Routes& routes, Platform& platform);
/// Adds the routes that inject faults and errors, and that start a rollover of the signing keys.
void add_trouble_routes(Routes& routes, Platform& platform);
/// Adds the routes that show the sandbox's records, notifications and signing keys.
void add_report_routes(Routes& routes, Platform& platform);

/// Makes the routing table with all routes: WeChat Pay's APIs and the control routes.
[[nodiscard]] Routes make_routes(Platform& platform);

/// Returns the JSON body of an error reply of WeChat Pay's APIs.
[[nodiscard]] std::string error_body(const ApiError& error);

}  // namespace couponhook::server::sandbox
