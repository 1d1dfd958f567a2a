#pragma once

/// \file
/// The configuration of couponhook.toml as typed structures, with default values.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "base/ip_address.hpp"
#include "base/problem.hpp"
#include "server/config/admin_tokens.hpp"
#include "server/config/alert_config.hpp"
#include "server/config/environment.hpp"
#include "server/config/handler_config.hpp"
#include "server/config/reconcile_config.hpp"
#include "server/config/settings.hpp"

namespace couponhook::server {

using std::chrono::milliseconds;
using std::chrono::seconds;

using base::Problem;

struct ListenerConfig {
  std::string address = "0.0.0.0";
  std::uint16_t port = 8443;
  bool tls = true;
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_private_key;
  /// Path at which load balancers can ask whether this replica is ready; empty: no such path.
  std::string health_path;
  /// Addresses of the proxies and load balancers that this service trusts to state the client's
  /// address.
  std::vector<base::IpNetwork> trusted_proxies;
  std::size_t max_connections = 10000;
  /// Largest number of connections from one client address. An IPv6 /64 network counts as one
  /// address.
  std::size_t max_connections_per_address = 2000;
  /// Largest number of connections above the limits that still get a reply with status 503. Further
  /// connections are closed without a reply.
  std::size_t max_refusals = 100;
  std::size_t max_header_bytes = 16384;
  std::size_t max_body_bytes = 2097152;
  /// Limit for the request bodies of all connections together, in bytes.
  std::size_t max_body_bytes_in_flight = 268435456;
  milliseconds reply_budget{4000};
  unsigned success_status = 204;
  /// Number of I/O threads; 0: one thread per core.
  std::size_t threads = 0;
  milliseconds handshake_timeout{5000};
  milliseconds header_timeout{5000};
  milliseconds body_timeout{5000};
  milliseconds write_timeout{5000};
  /// Time after which an idle connection is closed. Longer than 60 s, the usual value of load
  /// balancers.
  milliseconds idle_timeout{75000};
  /// Time, at shutdown, between the report "not ready" and the end of accepting connections, so
  /// that load balancers can react to the report.
  milliseconds drain_delay{0};
  milliseconds drain_timeout{10000};
};

struct AdminConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 9443;
  /// File of the token named kTokenFileName; empty if there are only tokens of [[admin.token]].
  std::filesystem::path token_file;
  std::vector<AdminTokenConfig> tokens{};
  /// TLS certificate of the status endpoint. Required unless the endpoint's `address` is a loopback
  /// address.
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_private_key;
  std::size_t max_connections = 100;
  /// Address and port of the listener that serves only /metrics, without a token. Port 0: there is
  /// no such listener.
  std::string metrics_address;
  std::uint16_t metrics_port = 0;
};

struct StoreConfig {
  std::string url = "sqlite:data/couponhook.db";
  // For each of the settings retention_…_days, 0 means: keep the data forever.
  int retention_payload_days = 30;
  int retention_id_days = 180;
  int retention_quarantine_days = 180;
  int retention_ledger_days = 0;
  /// Longer than a year, so that a yearly review sees all of it.
  int retention_audit_days = 400;
  // Days for which the history of the counters is kept, for charts: a row for each hour, and a row
  // for each minute.
  int history_days = 35;
  int history_minute_days = 2;
  /// Time between the starts of two purges (removal of old data).
  seconds maintenance_interval{3600};
  std::size_t max_queued = 4096;
  std::size_t max_queued_bytes = 67108864;
  std::size_t max_batch = 256;
  // Number of connections that write to the database at the same time; only for PostgreSQL, like
  // statement_timeout and commit_timeout.
  std::size_t connections = 2;
  /// Time limit of one SQL statement. If the setting listener.reply_budget is shorter, that time is
  /// the limit.
  milliseconds statement_timeout{3000};
  milliseconds commit_timeout{30'000};
};

struct DeliveriesConfig {
  /// Length of the lease (right of one replica to make a delivery). It is renewed after a third of
  /// this time. The leases of a killed replica end within twice this time.
  milliseconds lease{10'000};
  /// Interval at which the delivery worker searches the store for deliveries that must be made now,
  /// in case no message announced them.
  milliseconds poll{1'000};
};

struct PlatformPublicKeyConfig {
  std::string id;
  std::filesystem::path file;
};

struct MerchantApiConfig {
  std::filesystem::path private_key_file;
  std::string certificate_serial;
  std::filesystem::path api_v2_key_file;
  std::string base_url = "https://api.mch.weixin.qq.com";
  std::filesystem::path ca_file;
  /// Folder for downloaded platform certificates. Empty: the certificates are kept only in memory.
  std::filesystem::path certificate_directory;
  /// True if the configuration file sets certificate_directory, even to "".
  bool names_certificate_directory = false;
  int certificate_refresh_minutes = 60;
  /// Time limit for the reply to one call of WeChat Pay's API; opening the connection may take the
  /// same time again.
  milliseconds timeout{10000};
  std::size_t max_reply_bytes = 4194304;
  /// Largest size of a downloaded flow file (WeChat Pay's settlement file), in bytes.
  std::size_t max_flow_bytes = 268435456;
  /// Time limit for the download of a flow file (WeChat Pay's settlement file).
  milliseconds flow_timeout{600000};

  bool operator==(const MerchantApiConfig&) const = default;
};

struct MerchantConfig {
  std::string mchid;
  std::string path;
  std::vector<std::filesystem::path> api_v3_key_files;
  /// Paths of platform certificates: each path is a file, a folder or a glob pattern.
  std::vector<std::filesystem::path> platform_certificates;
  std::vector<PlatformPublicKeyConfig> platform_public_keys;
  seconds timestamp_tolerance{300};
  std::optional<MerchantApiConfig> api;
  ReconcileConfig reconcile;

  /// Returns true if platform certificates are downloaded for this merchant. A merchant with a
  /// platform public key has no certificates and sets certificate_refresh_minutes to 0.
  [[nodiscard]] bool fetches_certificates() const {
    return api && api->certificate_refresh_minutes > 0;
  }
};

struct LogConfig {
  /// Format of the log lines: "json" or "text".
  std::string format = "json";
  std::string level = "info";
};

struct Config {
  /// Path of the configuration file, as given on the command line.
  std::filesystem::path file;
  /// Folder of the configuration file. Relative paths in the configuration are relative to this
  /// folder.
  std::filesystem::path directory;
  ListenerConfig listener;
  AdminConfig admin;
  StoreConfig store;
  DeliveriesConfig deliveries;
  LogConfig log;
  std::vector<MerchantConfig> merchants;
  std::vector<HandlerConfig> handlers;
  std::vector<AlertConfig> alerts;
  /// Each key with its effective value. Paths are absolute. Null in a configuration that was not
  /// read from a file.
  std::shared_ptr<const Setting> settings;
};

/// Reads and validates a configuration file. Does not open the files that the configuration names.
/// \param problems receives every problem found, not only the first.
/// \return the settings that could be read, so that the caller can check them further; nothing if
///   the file has no valid TOML syntax at all.
[[nodiscard]] std::optional<Config> read_config(const std::filesystem::path& file,
                                                const Environment& environment,
                                                std::vector<Problem>& problems);

/// Returns all keys that a configuration file may have, with their limits and defaults. The array
/// `handler` has one element for each built-in type, and one for types of the user's own.
[[nodiscard]] Setting describe_config();

/// Reads and validates a configuration file like read_config(), for callers that need a
/// configuration without any problem.
/// \return the configuration; or all problems, if the file has any.
[[nodiscard]] boost::system::result<Config, std::vector<Problem>> load_config(
    const std::filesystem::path& file, const Environment& environment);

}  // namespace couponhook::server
