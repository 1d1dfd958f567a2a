#pragma once

/// \file
/// All HTTP routes of the sandbox (a simulated WeChat Pay): WeChat Pay's APIs, and the control
/// routes whose paths begin with /sandbox/.

#include "sandbox/call.hpp"
#include "sandbox/platform.hpp"

namespace couponhook::server::sandbox {

// Each of the next functions adds the HTTP routes of one group of WeChat Pay's APIs to the routing
// table of the sandbox (a simulated WeChat Pay). `platform` must live longer than the routing
// table. Paths, fields and errors are those of WeChat Pay's documentation.
void add_certificate_routes(Routes& routes, Platform& platform);
void add_callback_routes(Routes& routes, Platform& platform);
void add_stock_routes(Routes& routes, Platform& platform);
void add_coupon_routes(Routes& routes, Platform& platform);
void add_busifavor_routes(Routes& routes, Platform& platform);
void add_flow_routes(Routes& routes, Platform& platform);
void add_image_routes(Routes& routes, Platform& platform);
void add_refund_routes(Routes& routes, Platform& platform);

// Each of the next functions adds control routes, which only the sandbox (a simulated WeChat Pay)
// has; their paths begin with /sandbox/. Requests to control routes are not signed, so the sandbox
// accepts them only from this machine.
/// Adds the control routes that issue, redeem and refund coupons, and that end stocks (batches of
/// coupons, 批次).
void add_event_routes(Routes& routes, Platform& platform);
/// Adds the control routes that inject faults and errors into the simulated WeChat Pay, and that
/// start a rollover of its signing keys.
void add_fault_routes(Routes& routes, Platform& platform);
/// Adds the control routes that show the records, the notifications and the signing keys of the
/// simulated WeChat Pay.
void add_report_routes(Routes& routes, Platform& platform);

/// Makes the routing table with all HTTP routes of the sandbox: WeChat Pay's APIs and the control
/// routes, whose paths begin with /sandbox/.
[[nodiscard]] Routes make_routes(Platform& platform);

/// Returns the JSON body of an error reply of WeChat Pay's APIs.
[[nodiscard]] std::string error_body(const ApiError& error);

}  // namespace couponhook::server::sandbox
