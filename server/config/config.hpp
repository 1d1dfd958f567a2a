#pragma once

/// \file
/// The configuration: what couponhook.toml says, typed and with its defaults.

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

#include "server/config/handler_config.hpp"
#include "server/config/reconcile_config.hpp"
#include "base/ip_address.hpp"

namespace couponhook::server {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Something wrong with a set-up, with where it stands and what to do about it.
struct Problem {
  std::string where;    ///< file, and key or line: "couponhook.toml: listener.port"
  std::string message;  ///< what is wrong and what to do
  /// The part that alone is not loaded for it, named as in reload.hpp; empty: the whole set-up.
  std::string unit{};
};

struct ListenerConfig {
  std::string address = "0.0.0.0";
  std::uint16_t port = 8443;
  bool tls = true;
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_private_key;
  std::vector<base::IpNetwork> trusted_proxies;  ///< whose word about client addresses is believed
  std::size_t max_connections = 10000;
  std::size_t max_connections_per_address = 2000;  ///< an IPv6 /64 network counts as one address
  std::size_t max_refusals = 100;  ///< connections above these that are still told so, with 503
  std::size_t max_header_bytes = 16384;
  std::size_t max_body_bytes = 2097152;
  std::size_t max_body_bytes_in_flight = 268435456;  ///< all connections together
  milliseconds reply_budget{4000};
  unsigned success_status = 204;
  std::size_t threads = 0;  ///< 0: one per core
  milliseconds handshake_timeout{5000};
  milliseconds header_timeout{5000};
  milliseconds body_timeout{5000};
  milliseconds write_timeout{5000};
  milliseconds idle_timeout{75000};  ///< longer than the usual load balancer's 60 s
  milliseconds drain_delay{0};       ///< from "not ready" to closing the door, for load balancers
  milliseconds drain_timeout{10000};
};

struct AdminConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 9443;
  std::filesystem::path token_file;
  std::filesystem::path tls_certificate;  ///< needed unless the address is a loopback one
  std::filesystem::path tls_private_key;
  std::size_t max_connections = 100;
};

struct StoreConfig {
  std::string url = "sqlite:data/couponhook.db";
  // 0: for ever
  int retention_payload_days = 30;
  int retention_id_days = 180;
  int retention_quarantine_days = 180;
  int retention_ledger_days = 0;
  seconds maintenance_interval{3600};  ///< from one look for what has grown old to the next
  std::size_t max_queued = 4096;
  std::size_t max_queued_bytes = 67108864;
  std::size_t max_batch = 256;
  // PostgreSQL
  std::size_t connections = 2;           ///< that write at a time
  milliseconds statement_timeout{3000};  ///< in force where the reply budget is not shorter
  milliseconds commit_timeout{30'000};
};

struct DeliveriesConfig {
  milliseconds lease{10'000};  ///< renewed at a third of it; a killed replica's end within twice it
  milliseconds poll{1'000};    ///< how often to look for work that nobody has told of
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
  /// Empty: fetched certificates are held in memory only.
  std::filesystem::path certificate_directory;
  bool names_certificate_directory = false;  ///< even if as ""
  int certificate_refresh_minutes = 60;
  milliseconds timeout{10000};  ///< for the reply to one call; connecting has as long again
  std::size_t max_reply_bytes = 4194304;
  std::size_t max_flow_bytes = 268435456;  ///< of a downloaded use flow or refund flow
  milliseconds flow_timeout{600000};       ///< for downloading one

  bool operator==(const MerchantApiConfig&) const = default;
};

struct MerchantConfig {
  std::string mchid;
  std::string path;
  std::vector<std::filesystem::path> api_v3_key_files;
  std::vector<std::filesystem::path> platform_certificates;  ///< files, folders or globs
  std::vector<PlatformPublicKeyConfig> platform_public_keys;
  seconds timestamp_tolerance{300};
  std::optional<MerchantApiConfig> api;
  ReconcileConfig reconcile;

  /// Public-key merchants have no certificates to fetch, and say so with a refresh of 0.
  [[nodiscard]] bool fetches_certificates() const {
    return api && api->certificate_refresh_minutes > 0;
  }
};

struct LogConfig {
  std::string format = "json";  ///< json or text
  std::string level = "info";
};

struct Config {
  std::filesystem::path file;       ///< as given on the command line
  std::filesystem::path directory;  ///< what relative paths are relative to
  ListenerConfig listener;
  AdminConfig admin;
  StoreConfig store;
  DeliveriesConfig deliveries;
  LogConfig log;
  std::vector<MerchantConfig> merchants;
  std::vector<HandlerConfig> handlers;
};

/// Looks up an environment variable for ${NAME}; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view)>;
[[nodiscard]] Environment process_environment();

/// Reads and validates a configuration file. Files that it names are not opened.
/// \param problems gets every problem found, not only the first.
/// \return what could be understood, for looking further; nothing where the file is no TOML at all.
[[nodiscard]] std::optional<Config> read_config(const std::filesystem::path& file,
                                                const Environment& environment,
                                                std::vector<Problem>& problems);

/// As read_config, for using it.
/// \return the problems where there is one.
[[nodiscard]] boost::system::result<Config, std::vector<Problem>> load_config(
    const std::filesystem::path& file, const Environment& environment);

}  // namespace couponhook::server
