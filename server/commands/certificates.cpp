#include <ostream>

#include "base/wechat_time.hpp"
#include "server/commands/outbound.hpp"
#include "server/outbound/certificate_refresh.hpp"

namespace couponhook::server {
namespace {

Exit fetch(const CommonOptions& common, Runtime& runtime) {
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  const MerchantApiConfig& api = outbound->client.account().config;
  const std::string where =
      outbound->config.file.string() + ": merchant " + outbound->mchid + ": api.";
  if (api.certificate_refresh_minutes == 0) {
    print_problems(runtime,
                   {{where + "certificate_refresh_minutes",
                     "is 0: a public-key merchant, who has no platform certificates to "
                     "fetch; download the public key in the merchant console, or set 60"}});
    return Exit::kUsage;
  }
  if (api.certificate_directory.empty()) {
    print_problems(runtime, {{where + "certificate_directory",
                              "is missing; name the folder to keep the certificates in"}});
    return Exit::kUsage;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
  const auto merge = refresh_certificates(outbound->client, now);
  if (!merge) {
    runtime.err << "couponhook: " << merge.error().message << '\n';
    return Exit::kFailed;
  }
  for (const wechatpay::PlatformCertificate& certificate : merge->current) {
    runtime.out << certificate.serial << "  expires "
                << base::format_wechat_time(certificate.expires_at) << '\n';
  }
  runtime.out << merge->added.size() << " new, " << merge->dropped.size() << " expired, "
              << merge->current.size() << " kept in " << api.certificate_directory.string() << '\n';
  return Exit::kOk;
}

}  // namespace

void declare_certificates(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  CommandGroup group = line.group("certificates", "WeChat Pay's platform certificates");
  Options options = group.add(
      "fetch", "Download, decrypt and check them, and store them in api.certificate_directory",
      [&common, &runtime] { return fetch(common, runtime); });
  add_merchant_options(options, common);
}

}  // namespace couponhook::server
