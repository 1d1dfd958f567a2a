#pragma once

/// \file
/// Snapshot of the service's state, in which causes of alerts are searched.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace couponhook::server {

/// One moment on both clocks: the monotonic clock for intervals, the wall clock for texts.
struct AlertTime {
  std::chrono::steady_clock::time_point steady;
  std::int64_t unix_ms = 0;
};

/// State of one service. It holds no personal data: no openid, no content of a notification, no
/// reason or name that an operator typed.
struct AlertFacts {
  /// Tells whether the facts below about the store are known, and whether this replica reports
  /// them. All replicas share the store.
  enum class StoreView : std::uint8_t {
    kUnknown,  ///< the store did not answer; nothing is known
    kNotOurs,  ///< another replica tells what concerns the store
    kKnown,
  };
  /// Dead deliveries of one handler.
  struct DeadDeliveries {
    std::int64_t count = 0;
    /// True if there may be more than `count`.
    bool is_least = false;
  };
  struct Pause {
    std::int64_t id = 0;
    std::string handler;  ///< empty: all handlers
    std::string events;   ///< pattern of event types; empty: all
    std::int64_t begun_ms = 0;
  };
  /// End of the last platform certificate of a merchant.
  struct KeyEnd {
    std::string mchid;
    std::int64_t ends_ms = 0;
    /// True if the service downloads the merchant's next certificate by itself.
    bool is_fetched = false;
  };
  struct CertificateEnd {
    std::string what;  ///< listener or admin
    std::int64_t ends_ms = 0;
  };
  /// Requests of the last minutes that named keys which are not loaded.
  struct UnknownKeys {
    std::string mchid;
    std::int64_t requests = 0;
    std::vector<std::string> serials;
  };

  AlertTime now;

  // Facts of the shared store; empty unless `store` is kKnown.
  StoreView store = StoreView::kUnknown;
  std::map<std::string, DeadDeliveries> dead;
  /// False if handlers with dead deliveries may be missing in `dead`.
  bool dead_is_complete = true;
  std::optional<std::int64_t> oldest_open_ms;
  std::int64_t open = 0;    ///< open deliveries
  std::int64_t sealed = 0;  ///< sealed bodies in the quarantine
  std::vector<Pause> pauses;

  // Facts of this replica.
  std::vector<KeyEnd> keys;
  std::vector<CertificateEnd> certificates;
  std::vector<UnknownKeys> unknown_keys;
  /// Reasons why this replica is not ready; nothing if that is not known.
  std::optional<std::vector<std::string>> reasons_against;
  /// Reload units whose current files are not in use, with the reason.
  std::map<std::string, std::string> refused_units;
};

}  // namespace couponhook::server
