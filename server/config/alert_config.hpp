#pragma once

/// \file
/// Settings in the [[alert]] tables of the configuration: the receivers of alerts, and the
/// thresholds above which an alert is sent.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace couponhook::server {

class Section;

/// Kind of the receiver of alerts.
enum class AlertType : std::uint8_t {
  kWecom,     ///< group robot of WeCom (企业微信)
  kDingtalk,  ///< group robot of DingTalk (钉钉)
  kFeishu,    ///< group robot of Feishu (飞书)
  kHttp,      ///< any URL, which gets JSON
};
inline constexpr std::size_t kAlertTypes = 4;
/// Returns the type's name in the configuration and in metrics.
[[nodiscard]] std::string_view to_string(AlertType type);

enum class AlertLanguage : std::uint8_t { kZh, kEn };

/// Settings of one [[alert]].
struct AlertConfig {
  AlertType type = AlertType::kHttp;
  /// URL of the receiver, which is a credential: it must never be logged or shown. Empty if it is
  /// in `url_file`.
  std::string url;
  std::filesystem::path url_file;
  /// File of the key for signatures; empty: messages are not signed.
  std::filesystem::path secret_file;
  /// PEM file of certificates to trust besides the system's; may be empty.
  std::filesystem::path ca_file;
  AlertLanguage language = AlertLanguage::kZh;
  bool allow_plain_http = false;
  /// Age of the oldest open delivery from which the backlog is told; 0: never.
  std::chrono::seconds backlog{1800};
  /// Age of a pause from which it is told; 0: never.
  std::chrono::seconds pause{3600};
  /// Days before the end of a key or certificate from which it is told; 0: never.
  std::chrono::days certificate{14};
  /// Time after which a cause that goes on is told again; 0: never.
  std::chrono::seconds remind{86400};
  /// Time for which a cause must be gone before it counts as over.
  std::chrono::seconds over_after{60};

  /// Returns true if both settings lead to the same receiver.
  [[nodiscard]] bool has_same_receiver(const AlertConfig& other) const {
    return type == other.type && url == other.url && url_file == other.url_file;
  }
};

/// Checks the URL of a receiver.
/// \return what is wrong, without any part of the URL; empty if nothing is.
[[nodiscard]] std::string explain_alert_url(const AlertConfig& config, std::string_view url);

/// Reads one [[alert]] table of the configuration. Reports each invalid value as a problem of
/// `section`; no message holds a part of the URL.
[[nodiscard]] AlertConfig read_alert(Section section);

}  // namespace couponhook::server
