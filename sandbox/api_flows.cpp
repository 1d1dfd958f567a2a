#include "sandbox/api.hpp"
#include "sandbox/digests.hpp"
#include "sandbox/flow_file.hpp"
#include "sandbox/query.hpp"

namespace couponhook::server::sandbox {
namespace {

using MakeFlow = std::string (*)(const CouponRecords&, const std::string&);

Result<Answer> link_to(Platform& platform, const Call& call, MakeFlow make_flow) {
  const Stock* stock = platform.records.find_stock(call.path_parameters.front());
  if (stock == nullptr || stock->product != Product::kFavor) return not_found("批次不存在");
  if (stock->creator_mchid != call.mchid) return blocked("调用商户无权限");
  if (!has_flows(*stock, call.now.wall)) {
    return invalid_request("活动结束后次日10点后才可下载明细");
  }
  std::string file = make_flow(platform.records, stock->id);
  const std::string token = platform.chance.uuid();
  const std::string hash = sha1_hex(file);
  platform.links.add(token, std::move(file), call.now.wall);
  return Answer{
      JsonWriter()
          .field("url", platform.options.base_url + "/v3/billdownload/file?token=" + token)
          .field("hash_value", hash)
          .field("hash_type", "SHA1")
          .take()};
}

Result<Answer> download(const Platform& platform, const Call& call) {
  Query query(call);
  const std::string token = query.text("token");
  if (query.error()) return *query.error();
  const std::string* file = platform.links.find(token, call.now.wall);
  if (file == nullptr) return param_error("下载链接不存在或已失效");
  return Answer{*file, true};
}

}  // namespace

void add_flow_routes(Routes& routes, Platform& platform) {
  routes.add("GET", "/v3/marketing/favor/stocks/*/use-flow",
             [&platform](const Call& call) { return link_to(platform, call, use_flow); });
  routes.add("GET", "/v3/marketing/favor/stocks/*/refund-flow",
             [&platform](const Call& call) { return link_to(platform, call, refund_flow); });
  routes.add("GET", "/v3/billdownload/file",
             [&platform](const Call& call) { return download(platform, call); });
}

}  // namespace couponhook::server::sandbox
