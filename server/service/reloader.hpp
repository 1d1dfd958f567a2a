#pragma once

/// \file
/// Reloads keys, certificates, tokens and secrets while the service runs.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/live.hpp"
#include "server/admin/served_certificates.hpp"
#include "server/config/reload_units.hpp"
#include "server/config/settings.hpp"
#include "server/delivery/handler_setup.hpp"
#include "server/log/log.hpp"
#include "server/net/tls_context.hpp"
#include "server/outbound/fetched_certificates.hpp"
#include "server/receive/merchants.hpp"
#include "server/service/live_setup.hpp"

namespace couponhook::server {

/// The active keys, certificates, admin tokens and handlers, which a reload replaces. All
/// referenced objects must outlive the reloader.
struct ReloadTargets {
  LiveSetup& live;
  std::vector<HandlerSetup>& handlers;
  const FetchedCertificates& fetched;
  /// Function that is called after each round of reloads in which at least one part of the set-up
  /// was loaded.
  std::function<void(const Config&)> on_reloaded;
};

/// Reloads the reload units. A reload unit is a part of the set-up that is reloaded by itself: the
/// configuration file, each merchant's keys, each listener's certificate, the admin tokens, and
/// each handler's secrets. If a unit cannot be loaded, its old state stays active, except that a
/// merchant may still get the keys that could be read. The failure is logged and counted, and does
/// not prevent other units from being loaded. The failed unit is tried again every few seconds, and
/// when one of its files changes.
///
/// Use this object on one thread only, except counters().
class Reloader {
 public:
  /// \param config the configuration from which the active objects were made.
  /// \param marks state of the files from which the reload units are loaded (size, modification
  ///   time and so on) before they were read.
  /// \param problems problems of single reload units (parts of the set-up) that were found when the
  ///   service started.
  Reloader(const Config& config, const UnitMarks& marks, std::span<const Problem> problems,
           ReloadTargets targets, const Environment& environment,
           const handlers::HandlerTypes& types, base::WallClock clock, Log& log);

  /// Reloads all reload units, that is, everything that can be reloaded while the service runs.
  void load_all() { load_units(Which::kAll, {}); }
  /// Reloads the parts of the set-up (reload units) whose files have changed, whose content was
  /// loaded too long ago, or whose last reload failed some seconds ago.
  void load_due() { load_units(Which::kDue, {}); }
  /// Reloads the reload unit with this name, for example "listener" or "merchant:MCHID". Does
  /// nothing if the unit no longer exists.
  void load(std::string_view unit) { load_units(Which::kOne, unit); }

  /// Returns the numbers of successful and failed reloads of each part of the set-up (reload unit).
  /// Thread-safe.
  [[nodiscard]] const ReloadCounters& counters() const { return counters_; }

 private:
  enum class Which : unsigned char { kAll, kDue, kOne };
  /// Result of one round of reloads, for the log: which parts of the set-up were loaded, and which
  /// failed.
  struct RoundResult {
    std::vector<std::string> loaded;
    /// Names of the loaded reload units whose files have changed since they were last loaded.
    std::vector<std::string> changed;
    /// Names of the reload units (parts of the set-up) that could not be loaded, each with its
    /// errors.
    std::vector<std::string> refused;
    /// Keys of the configuration that this round has changed.
    std::vector<std::string> changed_keys;
  };

  void load_units(Which which, std::string_view unit);
  /// Returns the log line about the units that were loaded.
  [[nodiscard]] std::string describe(const RoundResult& result) const;
  void visit(UnitWatch& watch, Which which, std::string_view unit, RoundResult& result);
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
  /// Makes `next_` the active configuration.
  void adopt_next_config(RoundResult& result);
  void publish_merchants();
  [[nodiscard]] std::chrono::sys_seconds now() const;

  /// The active configuration. The parts of the set-up that were loaded from this configuration
  /// share the object.
  std::shared_ptr<const Config> config_;
  /// The configuration that was loaded last, but is not active yet.
  std::shared_ptr<const Config> next_;
  /// The keys with which the service started, to tell in the log what needs a restart.
  std::shared_ptr<const Setting> started_settings_;
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
