#pragma once

/// \file
/// The configuration of couponhook.toml as typed structures, with default values.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "base/ip_address.hpp"
#include "base/problem.hpp"
#include "server/config/handler_config.hpp"
#include "server/config/reconcile_config.hpp"

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
  std::vector<base::IpNetwork> trusted_proxies;  ///< whose word about client addresses is believed
                                                 ///< trusted
  std::size_t max_connections = 10000;
  std::size_t max_connections_per_address = 2000;  ///< an IPv6 /64 network counts as one address
  std::size_t max_refusals = 100;  ///< connections above the limits that still get a reply with 503
  std::size_t max_header_bytes = 16384;
  std::size_t max_body_bytes = 2097152;
  std::size_t max_body_bytes_in_flight = 268435456;  ///< of all connections together
  milliseconds reply_budget{4000};
  unsigned success_status = 204;
  std::size_t threads = 0;  ///< 0: one thread per core
  milliseconds handshake_timeout{5000};
  milliseconds header_timeout{5000};
  milliseconds body_timeout{5000};
  milliseconds write_timeout{5000};
  milliseconds idle_timeout{75000};  ///< longer than 60 s, the usual value of load balancers
  milliseconds drain_delay{0};       ///< time between "not ready" and the end of accepting, for
                                     ///< load balancers
  milliseconds drain_timeout{10000};
};

struct AdminConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 9443;
  std::filesystem::path token_file;
  std::filesystem::path tls_certificate;  ///< required unless the address is loopback
  std::filesystem::path tls_private_key;
  std::size_t max_connections = 100;
};

struct StoreConfig {
  std::string url = "sqlite:data/couponhook.db";
  // For the four retention settings, 0 means: keep forever.
  int retention_payload_days = 30;
  int retention_id_days = 180;
  int retention_quarantine_days = 180;
  int retention_ledger_days = 0;
  seconds maintenance_interval{3600};  ///< time between two runs of the purge
  std::size_t max_queued = 4096;
  std::size_t max_queued_bytes = 67108864;
  std::size_t max_batch = 256;
  // PostgreSQL only
  std::size_t connections = 2;           ///< number of connections that write at the same time
  milliseconds statement_timeout{3000};  ///< limited by reply_budget, if that is shorter
  milliseconds commit_timeout{30'000};
};

struct DeliveriesConfig {
  milliseconds lease{10'000};  ///< renewed after a third of this time; the leases of a killed
                               ///< replica end within twice this time
  milliseconds poll{1'000};    ///< interval of polling for due deliveries that no
                               ///< wake-up announced
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
  /// Empty: fetched certificates are only in memory.
  std::filesystem::path certificate_directory;
  bool names_certificate_directory = false;  ///< true: the key is set, even to ""
  int certificate_refresh_minutes = 60;
  milliseconds timeout{10000};  ///< for the reply to one call; connecting may take the same time
                                ///< again
  std::size_t max_reply_bytes = 4194304;
  std::size_t max_flow_bytes = 268435456;  ///< for a downloaded flow file
  milliseconds flow_timeout{600000};       ///< for downloading a flow file

  bool operator==(const MerchantApiConfig&) const = default;
};

struct MerchantConfig {
  std::string mchid;
  std::string path;
  std::vector<std::filesystem::path> api_v3_key_files;
  std::vector<std::filesystem::path> platform_certificates;  ///< each is a file, a folder or a glob
                                                             ///< pattern
  std::vector<PlatformPublicKeyConfig> platform_public_keys;
  seconds timestamp_tolerance{300};
  std::optional<MerchantApiConfig> api;
  ReconcileConfig reconcile;

  /// Returns true if certificates are fetched for this merchant. A merchant with a public key has
  /// no certificates and sets the refresh to 0.
  [[nodiscard]] bool fetches_certificates() const {
    return api && api->certificate_refresh_minutes > 0;
  }
};

struct LogConfig {
  std::string format = "json";  ///< format of the lines: json or text
  std::string level = "info";
};

struct Config {
  std::filesystem::path file;       ///< as given on the command line
  std::filesystem::path directory;  ///< relative paths in the configuration start here
  ListenerConfig listener;
  AdminConfig admin;
  StoreConfig store;
  DeliveriesConfig deliveries;
  LogConfig log;
  std::vector<MerchantConfig> merchants;
  std::vector<HandlerConfig> handlers;
};

/// Looks up an environment variable for ${NAME}; returns nothing if it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view)>;
[[nodiscard]] Environment process_environment();

/// Reads and validates a configuration file. The files that it names are not opened.
/// \param problems receives every problem found, not only the first.
/// \return the settings that could be read, for further checks; nothing if the file is not TOML at
/// all.
[[nodiscard]] std::optional<Config> read_config(const std::filesystem::path& file,
                                                const Environment& environment,
                                                std::vector<Problem>& problems);

/// Like read_config(), for callers that need a faultless configuration.
/// \return all problems, if there is any.
[[nodiscard]] boost::system::result<Config, std::vector<Problem>> load_config(
    const std::filesystem::path& file, const Environment& environment);

}  // namespace couponhook::server
