#pragma once

/// \file
/// Loads keys, certificates, tokens and secrets anew while the service runs.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret.hpp"
#include "base/clock.hpp"
#include "server/delivery/handler_setup.hpp"
#include "server/log/log.hpp"
#include "server/receive/merchants.hpp"
#include "server/net/tls_context.hpp"
#include "server/outbound/fetched_certificates.hpp"
#include "server/config/reload_units.hpp"

namespace couponhook::server {

/// What a listener shows, and where it is from.
struct ServedTls {
  TlsContext context;          ///< null: plain HTTP
  std::filesystem::path path;  ///< of the certificate
};

/// A certificate in force, as it is told.
struct ServedCertificate {
  std::string what;  ///< the unit: listener or admin
  std::string path;
  std::optional<std::chrono::sys_seconds> expires_at;
};

/// What is exchanged. All references must outlive the reloader.
struct ReloadTargets {
  Live<Merchants>& merchants;
  Live<ServedTls>& tls;
  Live<ServedTls>& admin_tls;
  Live<crypto::Secret>& admin_token;
  std::vector<HandlerSetup>& handlers;
  const FetchedCertificates& fetched;
  /// Told after each round in which anything was loaded.
  std::function<void(const Config&)> on_reloaded;
};

/// Each merchant's keys, each listener's certificate, the status endpoint's token, each handler's
/// secrets and the configuration file are units of their own: a unit is loaded whole or stays as it
/// was, and one that is refused keeps no other from being loaded. It is told, counted, and tried
/// again every few seconds and whenever a file that it depends on changes.
///
/// Used on one thread, but for counters().
class Reloader {
 public:
  /// \param setup what is in force, whose config is what it was loaded from.
  /// \param problems of units, known since the start.
  Reloader(const Config& config, const UnitMarks& marks, std::span<const Problem> problems,
           ReloadTargets targets, const Environment& environment,
           const handlers::HandlerTypes& types, base::WallClock clock, Log& log);

  /// Loads every unit.
  void load_all() { load_units(Which::kAll, {}); }
  /// Loads the units that are due.
  void look() { load_units(Which::kDue, {}); }
  /// Loads one unit; one that does not exist any more is no error.
  void load(std::string_view unit) { load_units(Which::kOne, unit); }

  /// Thread-safe.
  [[nodiscard]] const ReloadCounters& counters() const { return counters_; }

 private:
  enum class Which : unsigned char { kAll, kDue, kOne };
  /// What a round over the units has to tell.
  struct Told {
    std::vector<std::string> loaded;
    std::vector<std::string> refused;  ///< with the reasons
  };

  void load_units(Which which, std::string_view unit);
  void visit(UnitWatch& watch, Which which, std::string_view unit, Told& told);
  void watch_units(const UnitMarks& marks);
  [[nodiscard]] std::vector<ReloadUnit> units_of_config();
  [[nodiscard]] ReloadUnit merchant_unit_of(const MerchantConfig& entry);
  [[nodiscard]] ReloadUnit handler_unit_of(const HandlerConfig& entry, std::size_t number);
  [[nodiscard]] ReloadUnit tls_unit_of(std::string_view name, Live<ServedTls>& served,
                                       const std::filesystem::path& certificate,
                                       const std::filesystem::path& key);

  std::vector<Problem> load_config_file();
  std::vector<Problem> load_merchant_keys(const MerchantConfig& entry);
  std::vector<Problem> load_admin_token();
  std::vector<Problem> load_handler(const HandlerConfig& entry, std::size_t number);
  void adopt_next_config();
  void publish_merchants();
  [[nodiscard]] std::chrono::sys_seconds now() const;

  std::shared_ptr<const Config> config_;  ///< in force; shared with the units made from it
  std::shared_ptr<const Config> next_;    ///< loaded, to be adopted
  ReloadTargets targets_;
  const Environment& environment_;
  const handlers::HandlerTypes& types_;
  const base::WallClock clock_;
  Log& log_;
  ReloadCounters counters_;
  std::map<std::string, std::shared_ptr<const Merchant>, std::less<>> merchants_;
  std::map<std::string, SteadyClock::time_point, std::less<>> tls_made_at_;
  UnitWatch config_watch_;
  std::vector<UnitWatch> watches_;
};

/// The certificates that the listeners show. Thread-safe.
[[nodiscard]] std::vector<ServedCertificate> served_certificates(const Live<ServedTls>& tls,
                                                                 const Live<ServedTls>& admin_tls);

}  // namespace couponhook::server
