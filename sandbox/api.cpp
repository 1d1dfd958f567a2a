#include "sandbox/api.hpp"

#include "sandbox/json_writer.hpp"

namespace couponhook::server::sandbox {

Routes make_routes(Platform& platform) {
  Routes routes;
  add_certificate_routes(routes, platform);
  add_callback_routes(routes, platform);
  add_stock_routes(routes, platform);
  add_coupon_routes(routes, platform);
  add_busifavor_routes(routes, platform);
  add_flow_routes(routes, platform);
  add_image_routes(routes, platform);
  add_refund_routes(routes, platform);
  add_event_routes(routes, platform);
  add_fault_routes(routes, platform);
  add_report_routes(routes, platform);
  return routes;
}

std::string error_body(const ApiError& error) {
  JsonWriter json;
  json.field("code", error.code).field("message", error.message);
  if (!error.detail.empty()) {
    json.raw("detail", error.detail);
  } else if (!error.field.empty()) {
    json.object("detail")
        .field("field", error.field)
        .field("issue", error.message)
        .field("location", "body")
        .end();
  }
  return json.take();
}

}  // namespace couponhook::server::sandbox
