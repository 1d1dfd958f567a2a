#include "server/config/alert_config.hpp"

#include <algorithm>
#include <array>

#include "base/url.hpp"
#include "server/config/config_text.hpp"
#include "server/config/section.hpp"

namespace couponhook::server {
namespace {

constexpr std::int64_t kAlertSecondsMax = 30 * 86400;
constexpr std::int64_t kAlertDaysMax = 365;

constexpr std::array<std::string_view, kAlertTypes> kAlertTypeNames = {"wecom", "dingtalk",
                                                                       "feishu", "http"};

/// Host of a vendor's robots, and the type of an [[alert]] that posts to it.
struct RobotHost {
  std::string_view host;
  AlertType type;
};
constexpr std::array kRobotHosts = {
    RobotHost{"qyapi.weixin.qq.com", AlertType::kWecom},
    RobotHost{"oapi.dingtalk.com", AlertType::kDingtalk},
    RobotHost{"api.dingtalk.com", AlertType::kDingtalk},
    RobotHost{"open.feishu.cn", AlertType::kFeishu},
    RobotHost{"open.larksuite.com", AlertType::kFeishu},
};

template <typename Duration>
void read_time(Section& section, std::string_view key, Duration& into, std::int64_t most) {
  std::int64_t value = into.count();
  section.integer(key, value, 0, most);
  into = Duration(value);
}

void read_type(Section& section, AlertConfig& alert) {
  std::string type;
  section.word("type", type, {"wecom", "dingtalk", "feishu", "http"});
  const auto* found = std::ranges::find(kAlertTypeNames, type);
  if (found == kAlertTypeNames.end()) return;
  alert.type = static_cast<AlertType>(found - kAlertTypeNames.begin());
}

void read_place(Section& section, AlertConfig& alert) {
  section.text("url", alert.url);
  section.path("url_file", alert.url_file);
  section.path("secret_file", alert.secret_file);
  section.path("ca_file", alert.ca_file);
  section.boolean("allow_plain_http", alert.allow_plain_http);
  if (!alert.url.empty()) section.amend("url", std::string(kHiddenSecret));
  if (!alert.url.empty() && !alert.url_file.empty()) {
    section.report("url_file", "goes without url; keep one of them");
  }
  section.require(!alert.url.empty() || !alert.url_file.empty(), "url",
                  "the robot's webhook address, or set url_file to a file that holds it");
}

}  // namespace

std::string_view to_string(AlertType type) {
  return kAlertTypeNames[static_cast<std::size_t>(type)];
}

std::string explain_alert_url(const AlertConfig& config, std::string_view url) {
  const auto parsed = base::parse_url(url);
  if (!parsed) {
    return "is not a URL; copy the whole webhook address, https://… (it is not shown here, because "
           "it is a credential)";
  }
  if (!parsed->tls && !parsed->is_loopback() && !config.allow_plain_http) {
    return "must begin with https://, because the address and the message would cross the network "
           "in the clear; set allow_plain_http = true if that is meant";
  }
  const auto* host = std::ranges::find(kRobotHosts, parsed->host, &RobotHost::host);
  if (host != kRobotHosts.end() && host->type != config.type) {
    return "leads to " + std::string(host->host) + ", so type must be \"" +
           std::string(to_string(host->type)) + "\"";
  }
  return {};
}

AlertConfig read_alert(Section section) {
  AlertConfig alert;
  read_type(section, alert);
  read_place(section, alert);
  const bool has_type = !section.is_at_fault("type");
  if (has_type && !alert.url.empty()) {
    const std::string why = explain_alert_url(alert, alert.url);
    if (!why.empty()) section.report("url", why);
  }
  if (has_type && alert.type == AlertType::kWecom && !alert.secret_file.empty()) {
    section.report("secret_file",
                   "has no use: robots of WeCom (企业微信) have no signature; remove it");
  }
  std::string language = "zh";
  section.word("language", language, {"zh", "en"});
  alert.language = language == "en" ? AlertLanguage::kEn : AlertLanguage::kZh;
  read_time(section, "backlog_s", alert.backlog, kAlertSecondsMax);
  read_time(section, "pause_s", alert.pause, kAlertSecondsMax);
  read_time(section, "certificate_days", alert.certificate, kAlertDaysMax);
  read_time(section, "remind_s", alert.remind, kAlertSecondsMax);
  read_time(section, "over_after_s", alert.over_after, 3600);
  section.refuse_unknown_keys();
  return alert;
}

}  // namespace couponhook::server
