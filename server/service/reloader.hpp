#pragma once

/// \file
/// Loads keys, certificates, tokens and secrets again while the service runs.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/live.hpp"
#include "crypto/secret.hpp"
#include "server/admin/served_certificates.hpp"
#include "server/config/reload_units.hpp"
#include "server/delivery/handler_setup.hpp"
#include "server/log/log.hpp"
#include "server/net/tls_context.hpp"
#include "server/outbound/fetched_certificates.hpp"
#include "server/receive/merchants.hpp"

namespace couponhook::server {

/// Objects that a reload changes. All references must outlive the reloader.
struct ReloadTargets {
  base::Live<Merchants>& merchants;
  base::Live<ServedTls>& tls;
  base::Live<ServedTls>& admin_tls;
  base::Live<crypto::Secret>& admin_token;
  std::vector<HandlerSetup>& handlers;
  const FetchedCertificates& fetched;
  /// Called after each round in which at least one unit was loaded.
  std::function<void(const Config&)> on_reloaded;
};

/// Loads units again: the configuration file, each merchant's keys, each listener's certificate,
/// the admin token and each handler's secrets. A unit that cannot be loaded keeps its old state,
/// except that a merchant may still get the keys that could be read. Such a unit is logged and
/// counted, and does not prevent other units from being loaded. It is tried again every few
/// seconds, and when one of its files changes.
///
/// Use it on one thread, except counters().
class Reloader {
 public:
  /// \param config the configuration that the active objects were made from.
  /// \param marks state of the units' files before they were read.
  /// \param problems of units, found when the service started.
  Reloader(const Config& config, const UnitMarks& marks, std::span<const Problem> problems,
           ReloadTargets targets, const Environment& environment,
           const handlers::HandlerTypes& types, base::WallClock clock, Log& log);

  /// Loads every unit.
  void load_all() { load_units(Which::kAll, {}); }
  /// Loads the units that are due.
  void look() { load_units(Which::kDue, {}); }
  /// Loads one unit. Does nothing if the unit no longer exists.
  void load(std::string_view unit) { load_units(Which::kOne, unit); }

  /// Thread-safe.
  [[nodiscard]] const ReloadCounters& counters() const { return counters_; }

 private:
  enum class Which : unsigned char { kAll, kDue, kOne };
  /// Result of one round over the units, for the log.
  struct Told {
    std::vector<std::string> loaded;
    std::vector<std::string> refused;  ///< names of the units, with the errors
  };

  void load_units(Which which, std::string_view unit);
  void visit(UnitWatch& watch, Which which, std::string_view unit, Told& told);
  void watch_units(const UnitMarks& marks);
  [[nodiscard]] std::vector<ReloadUnit> units_of_config();
  [[nodiscard]] ReloadUnit merchant_unit_of(const MerchantConfig& entry);
  [[nodiscard]] ReloadUnit handler_unit_of(const HandlerConfig& entry, std::size_t number);
  [[nodiscard]] ReloadUnit tls_unit_of(std::string_view name, base::Live<ServedTls>& served,
                                       const std::filesystem::path& certificate,
                                       const std::filesystem::path& key);

  std::vector<Problem> load_config_file();
  std::vector<Problem> load_merchant_keys(const MerchantConfig& entry);
  std::vector<Problem> load_admin_token();
  std::vector<Problem> load_handler(const HandlerConfig& entry, std::size_t number);
  void adopt_next_config();
  void publish_merchants();
  [[nodiscard]] std::chrono::sys_seconds now() const;

  std::shared_ptr<const Config> config_;  ///< active; shared with the units that were made from it
  std::shared_ptr<const Config> next_;    ///< loaded, not active yet
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

}  // namespace couponhook::server
