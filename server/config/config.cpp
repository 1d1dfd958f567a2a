#include "server/config/config.hpp"

#include <array>
#include <set>

#include <boost/asio/ip/address.hpp>

#include "base/ip_address.hpp"
#include "base/url.hpp"
#include "crypto/file.hpp"
#include "crypto/pasted_text.hpp"
#include "server/config/admin_tokens.hpp"
#include "server/config/certificate_default_folder.hpp"
#include "server/config/pasted_ids.hpp"
#include "server/config/place_settings.hpp"
#include "server/config/section.hpp"

namespace couponhook::server {
namespace {

constexpr std::int64_t kGigabyte = 1LL << 30;
constexpr int kDaysMax = 36500;
constexpr int kIdDaysMin = 2;

bool is_address(const std::string& text) {
  boost::system::error_code ec;
  boost::asio::ip::make_address(text, ec);
  return !ec;
}

void read_address(Section& section, std::string& address, std::uint16_t& port) {
  section.text("address", address);
  if (!is_address(address)) {
    section.report("address", "must be an IP address such as \"0.0.0.0\" or \"::\"");
  }
  section.integer("port", port, 0, 65535);
}

void read_trusted_proxies(Section& section, std::vector<base::IpNetwork>& networks) {
  std::vector<std::string> texts;
  section.texts("trusted_proxies", texts);
  for (const std::string& text : texts) {
    if (const auto network = base::IpNetwork::parse(text)) {
      networks.push_back(*network);
    } else {
      section.report("trusted_proxies",
                     "has \"" + text + "\", which is not a network; write \"10.0.0.0/8\"");
    }
  }
}

/// Checks a path of the public listener.
/// \param no_query why the path must not hold a query string, a fragment or spaces.
void check_path(Section& section, std::string_view key, const std::string& path,
                std::string_view no_query) {
  if (section.is_at_fault(key)) return;
  if (path.empty() || path.front() != '/') {
    section.report(key, "must begin with \"/\", for example \"/notify/1900000001\"");
  } else if (path.find_first_of("?# \t") != std::string::npos) {
    section.report(key,
                   "must not hold a query string, a fragment or spaces: " + std::string(no_query));
  } else if (const auto unusual = crypto::find_unusual_char(path)) {
    section.report(key,
                   "has " + *unusual + " in it; write letters, digits, \"/\", \"-\" and \"_\"");
  }
}

ListenerConfig read_listener(Section section) {
  ListenerConfig listener;
  read_address(section, listener.address, listener.port);
  section.boolean("tls", listener.tls);
  section.path("tls_certificate", listener.tls_certificate);
  section.path("tls_private_key", listener.tls_private_key);
  if (listener.tls) {
    section.require(!listener.tls_certificate.empty(), "tls_certificate",
                    "the certificate chain's PEM file, or set tls = false behind a load balancer "
                    "that ends TLS");
    section.require(!listener.tls_private_key.empty(), "tls_private_key",
                    "the private key's PEM file");
  }
  section.text("health_path", listener.health_path);
  if (!listener.health_path.empty()) {
    check_path(section, "health_path", listener.health_path, "only the path is compared");
  }
  read_trusted_proxies(section, listener.trusted_proxies);
  section.integer("max_connections", listener.max_connections, 1, 1000000);
  section.integer("max_connections_per_address", listener.max_connections_per_address, 1, 1000000);
  section.integer("max_refusals", listener.max_refusals, 0, 100000);
  section.integer("max_header_bytes", listener.max_header_bytes, 1024, 1 << 20);
  section.integer("max_body_bytes", listener.max_body_bytes, 1024, 64 << 20);
  section.integer("max_body_bytes_in_flight", listener.max_body_bytes_in_flight, 1024,
                  64 * kGigabyte);
  section.duration("reply_budget_ms", listener.reply_budget, 100, 4900);
  section.number_of(
      "success_status", listener.success_status, {200, 204},
      "must be 200 or 204: after any other status WeChat Pay sends the notification again");
  section.integer("threads", listener.threads, 0, 256);
  section.duration("handshake_timeout_ms", listener.handshake_timeout, 100, kHourMs);
  section.duration("header_timeout_ms", listener.header_timeout, 100, kHourMs);
  section.duration("body_timeout_ms", listener.body_timeout, 100, kHourMs);
  section.duration("write_timeout_ms", listener.write_timeout, 100, kHourMs);
  section.duration("idle_timeout_ms", listener.idle_timeout, 100, kHourMs);
  section.duration("drain_delay_ms", listener.drain_delay, 0, kHourMs);
  section.duration("drain_timeout_ms", listener.drain_timeout, 0, kHourMs);
  section.refuse_unknown_keys();
  return listener;
}

/// Reads where the listener that serves only /metrics accepts connections.
void read_metrics_place(Section& section, AdminConfig& admin) {
  section.text("metrics_address", admin.metrics_address);
  section.integer("metrics_port", admin.metrics_port, 0, 65535);
  if (!admin.metrics_address.empty() && !is_address(admin.metrics_address)) {
    section.report("metrics_address", "is " + admin.metrics_address +
                                          ", which is no IP address; give one of this machine, or "
                                          "\"0.0.0.0\"");
  }
  if (admin.metrics_address.empty() == (admin.metrics_port == 0)) return;
  const bool has_port = admin.metrics_port != 0;
  section.report(has_port ? "metrics_address" : "metrics_port",
                 has_port
                     ? "is missing; give the address of this machine at which Prometheus reads "
                       "metrics, or remove metrics_port"
                     : "is missing; give the port at which Prometheus reads metrics, or remove "
                       "metrics_address");
}

AdminConfig read_admin(Section section) {
  AdminConfig admin;
  read_address(section, admin.address, admin.port);
  section.path("token_file", admin.token_file);
  section.path("tls_certificate", admin.tls_certificate);
  section.path("tls_private_key", admin.tls_private_key);
  section.integer("max_connections", admin.max_connections, 1, 10000);
  read_admin_tokens(section, admin);
  read_metrics_place(section, admin);
  if (!base::is_loopback(admin.address) && is_address(admin.address)) {
    section.require(
        !admin.tls_certificate.empty(), "tls_certificate",
        "a certificate chain: the address is not a loopback one, and the token must not "
        "cross a network in the clear");
    section.require(!admin.tls_private_key.empty(), "tls_private_key",
                    "the private key's PEM file");
  } else if (admin.tls_certificate.empty() != admin.tls_private_key.empty()) {
    section.report("tls_private_key", "goes with tls_certificate; set both or neither");
  }
  section.refuse_unknown_keys();
  return admin;
}

void check_retention(Section& section, const StoreConfig& store) {
  const bool forgets_ids = store.retention_id_days != 0;
  if (store.retention_ledger_days != 0 &&
      (!forgets_ids || store.retention_ledger_days < store.retention_id_days)) {
    section.report("retention_ledger_days",
                   "must be 0 (for ever), or not shorter than retention_id_days: a fact that was "
                   "removed could be applied a second time");
  }
  if (!forgets_ids) return;
  if (store.retention_id_days < kIdDaysMin) {
    section.report("retention_id_days",
                   "must be 0 (for ever) or at least " + std::to_string(kIdDaysMin) +
                       ": WeChat Pay may send a notification again for a day, and an id that was "
                       "removed would be stored a second time");
  } else if (store.retention_payload_days == 0 ||
             store.retention_payload_days > store.retention_id_days) {
    section.report(
        "retention_id_days",
        "must not be shorter than retention_payload_days: removing an id removes its payload too");
  }
}

StoreConfig read_store(Section section) {
  StoreConfig store;
  section.text("url", store.url);
  section.integer("retention_payload_days", store.retention_payload_days, 0, kDaysMax);
  section.integer("retention_id_days", store.retention_id_days, 0, kDaysMax);
  section.integer("retention_quarantine_days", store.retention_quarantine_days, 0, kDaysMax);
  section.integer("retention_ledger_days", store.retention_ledger_days, 0, kDaysMax);
  section.integer("retention_audit_days", store.retention_audit_days, 0, kDaysMax);
  check_retention(section, store);
  section.integer("history_days", store.history_days, 8, kDaysMax);
  section.integer("history_minute_days", store.history_minute_days, 2, kDaysMax);
  std::int64_t interval = store.maintenance_interval.count();
  section.integer("maintenance_interval_s", interval, 1, 86400);
  store.maintenance_interval = seconds(interval);
  section.integer("max_queued", store.max_queued, 1, 1000000);
  section.integer("max_queued_bytes", store.max_queued_bytes, 1048576, 64 * kGigabyte);
  section.integer("max_batch", store.max_batch, 1, 10000);
  section.integer("connections", store.connections, 1, 16);
  section.duration("statement_timeout_ms", store.statement_timeout, 100, 60000);
  section.duration("commit_timeout_ms", store.commit_timeout, 1000, 600000);
  section.refuse_unknown_keys();
  return store;
}

DeliveriesConfig read_deliveries(Section section) {
  DeliveriesConfig deliveries;
  section.duration("lease_ms", deliveries.lease, 500, 60'000);
  section.duration("poll_ms", deliveries.poll, 50, 60'000);
  section.refuse_unknown_keys();
  return deliveries;
}

LogConfig read_log(Section section) {
  LogConfig log;
  section.word("format", log.format, {"json", "text"});
  section.word("level", log.level, {"trace", "debug", "info", "warn", "error"});
  section.refuse_unknown_keys();
  return log;
}

void check_base_url(Section& section, const std::string& text) {
  const auto url = base::parse_url(text);
  if (!url || url->target != "/") {
    section.report("base_url", "must be https://HOST or https://HOST:PORT, without a path");
  } else if (!url->tls && !url->is_loopback()) {
    section.report("base_url", "must begin with https:// unless its host is a loopback one");
  }
}

MerchantApiConfig read_merchant_api(Section section) {
  MerchantApiConfig api;
  section.path("private_key_file", api.private_key_file);
  section.text("certificate_serial", api.certificate_serial);
  api.certificate_serial = normalise_certificate_serial(api.certificate_serial);
  section.path("api_v2_key_file", api.api_v2_key_file);
  section.text("base_url", api.base_url);
  check_base_url(section, api.base_url);
  section.path("ca_file", api.ca_file);
  section.path("certificate_directory", api.certificate_directory);
  api.names_certificate_directory = section.has("certificate_directory");
  section.integer("certificate_refresh_minutes", api.certificate_refresh_minutes, 0, 1440);
  section.duration("timeout_ms", api.timeout, 100, kHourMs);
  section.integer("max_reply_bytes", api.max_reply_bytes, 1024, kGigabyte);
  section.integer("max_flow_bytes", api.max_flow_bytes, 1024, 16 * kGigabyte);
  section.duration("flow_timeout_ms", api.flow_timeout, 100, kHourMs);
  section.require(!api.private_key_file.empty(), "private_key_file",
                  "the merchant API private key's PEM file");
  section.require(!api.certificate_serial.empty(), "certificate_serial",
                  "the serial of the merchant API certificate");
  section.refuse_unknown_keys();
  return api;
}

MerchantConfig read_merchant(Section section) {
  MerchantConfig merchant;
  section.text("mchid", merchant.mchid);
  merchant.mchid = normalise_mchid(merchant.mchid);
  if (const auto why = explain_mchid(merchant.mchid); !why.empty()) section.report("mchid", why);
  section.require(!merchant.mchid.empty(), "mchid", "the merchant's number, in quotes");
  section.text("path", merchant.path);
  check_path(section, "path", merchant.path, "WeChat Pay refuses such a notify_url");
  section.paths("api_v3_key_files", merchant.api_v3_key_files);
  section.require(!merchant.api_v3_key_files.empty(), "api_v3_key_files",
                  "a list of files that hold an APIv3 key of 32 bytes");
  section.paths("platform_certificates", merchant.platform_certificates);
  for (Section& key : section.tables("platform_public_key")) {
    PlatformPublicKeyConfig public_key;
    key.text("id", public_key.id);
    public_key.id = normalise_public_key_id(public_key.id);
    const std::string why = explain_public_key_id(public_key.id);
    if (!public_key.id.empty() && !why.empty()) key.report("id", why);
    key.path("file", public_key.file);
    key.require(!public_key.id.empty(), "id",
                "the id that the console shows, PUB_KEY_ID_ included");
    key.require(!public_key.file.empty(), "file", "the public key's PEM file");
    key.refuse_unknown_keys();
    merchant.platform_public_keys.push_back(std::move(public_key));
  }
  std::int64_t tolerance = merchant.timestamp_tolerance.count();
  section.integer("timestamp_tolerance_s", tolerance, 1, 86400);
  merchant.timestamp_tolerance = seconds(tolerance);
  if (auto api = section.table("api")) merchant.api = read_merchant_api(*api);
  if (auto reconcile = section.table("reconcile")) merchant.reconcile = read_reconcile(*reconcile);
  if (merchant.reconcile.has_work() && !merchant.api) {
    section.report("reconcile", "queries WeChat Pay, so it needs [merchant.api]");
  }
  section.require(!merchant.platform_certificates.empty() ||
                      !merchant.platform_public_keys.empty() || merchant.fetches_certificates(),
                  "platform_certificates",
                  "the platform certificate's PEM file, or add [[merchant.platform_public_key]]");
  section.refuse_unknown_keys();
  return merchant;
}

void check_unique(ReadContext& context, const Config& config) {
  std::set<std::string> mchids;
  std::set<std::string> paths;
  for (const MerchantConfig& merchant : config.merchants) {
    if (!merchant.mchid.empty() && !mchids.insert(merchant.mchid).second) {
      context.report("merchant.mchid", "\"" + merchant.mchid + "\" is there twice; keep one");
    }
    if (!merchant.path.empty() && !paths.insert(merchant.path).second) {
      context.report("merchant.path",
                     "\"" + merchant.path + "\" is there twice; give each merchant its own path");
    }
  }
  if (paths.contains(config.listener.health_path)) {
    context.report("listener.health_path", "\"" + config.listener.health_path +
                                               "\" is a merchant's path; give it its own path");
  }
  std::set<std::string> names;
  for (const HandlerConfig& handler : config.handlers) {
    if (!handler.name.empty() && !names.insert(handler.name).second) {
      context.report("handler.name", "\"" + handler.name + "\" is there twice; rename one");
    }
  }
}

/// Returns true if two listening sockets with the same port would receive each other's connections:
/// if their addresses are equal, or if one address stands for all addresses. The address "::" also
/// accepts IPv4 connections.
bool overlap(const std::string& a, const std::string& b) {
  boost::system::error_code ec;
  const auto first = boost::asio::ip::make_address(a, ec);
  const auto second = ec ? first : boost::asio::ip::make_address(b, ec);
  if (ec) return false;
  const auto covers = [](const auto& wide, const auto& other) {
    return wide.is_unspecified() && (wide.is_v6() || other.is_v4());
  };
  return first == second || covers(first, second) || covers(second, first);
}

/// Reports a problem if two listeners use the same port. The operating system allows this, but
/// would give each of them some of the other's connections.
void check_ports(ReadContext& context, const Config& config) {
  struct Place {
    const char* key;
    const char* name;
    const std::string& address;
    std::uint16_t port;
  };
  const AdminConfig& admin = config.admin;
  const std::array<Place, 3> places{
      {{"listener.port", "the listener", config.listener.address, config.listener.port},
       {"admin.port", "the status endpoint", admin.address, admin.port},
       {"admin.metrics_port", "the metrics", admin.metrics_address, admin.metrics_port}}};
  for (std::size_t i = 1; i < places.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Place& place = places[i];
      const Place& other = places[j];
      if (place.port == 0 || place.port != other.port) continue;
      if (!overlap(place.address, other.address)) continue;
      context.report(place.key, "is " + std::to_string(place.port) + ", as " + other.key +
                                    " is, and their addresses overlap; give " + place.name +
                                    " a port of its own");
    }
  }
}

Config read_root(ReadContext& context, const toml::table& root) {
  Config config;
  Section top(context, root);
  config.listener = read_listener(top.table_or_empty("listener"));
  config.admin = read_admin(top.table_or_empty("admin"));
  config.store = read_store(top.table_or_empty("store"));
  config.deliveries = read_deliveries(top.table_or_empty("deliveries"));
  config.log = read_log(top.table_or_empty("log"));
  for (const Section& merchant : top.tables("merchant")) {
    config.merchants.push_back(read_merchant(merchant));
  }
  if (config.merchants.empty()) {
    context.report("merchant", "is missing; add a [[merchant]] with mchid, path and keys");
  }
  for (const Section& handler : top.tables("handler")) {
    config.handlers.push_back(read_handler(handler));
  }
  for (const Section& alert : top.tables("alert")) config.alerts.push_back(read_alert(alert));
  top.refuse_unknown_keys();
  context.refuse_unknown_variables();
  check_unique(context, config);
  check_ports(context, config);
  return config;
}

}  // namespace

std::optional<Config> read_config(const std::filesystem::path& file, const Environment& environment,
                                  std::vector<Problem>& problems) {
  std::error_code ec;
  if (!std::filesystem::is_regular_file(file, ec)) {
    problems.push_back({file.string(),
                        "cannot be read as a file; name the configuration with --config, or make a "
                        "local one with `couponhook init DIR`"});
    return std::nullopt;
  }
  const auto content = crypto::read_file(file);
  if (!content) {
    problems.push_back({file.string(), content.error().text()});
    return std::nullopt;
  }
  const auto root = parse_toml(content->reveal());
  if (!root) {
    problems.push_back(
        {file.string() + ": line " + std::to_string(root.error().line), root.error().message});
    return std::nullopt;
  }
  ReadContext context{file.string(), file.parent_path(), environment, {}, false, {}, {}, {}};
  Config config = read_root(context, *root);
  config.file = file;
  config.directory = file.parent_path();
  place_certificate_directories(config);
  place_settings(config, context.settings);
  config.settings = std::make_shared<const Setting>(std::move(context.settings));
  problems.insert(problems.end(), context.problems.begin(), context.problems.end());
  return config;
}

Setting describe_config() {
  toml::array handlers;
  for (const std::string_view type : built_in_handler_types()) {
    handlers.push_back(toml::table{{"type", std::string(type)}});
  }
  handlers.push_back(toml::table{{"type", std::string("own")}});
  const toml::table root{{"handler", std::move(handlers)}};
  const Environment none = [](std::string_view) { return std::optional<std::string>(); };
  ReadContext context{"", {}, none, {}, true, {}, {}, {}};
  static_cast<void>(read_root(context, root));
  return std::move(context.settings);
}

boost::system::result<Config, std::vector<Problem>> load_config(const std::filesystem::path& file,
                                                                const Environment& environment) {
  std::vector<Problem> problems;
  auto config = read_config(file, environment, problems);
  if (config && problems.empty()) return std::move(*config);
  return problems;
}

}  // namespace couponhook::server
