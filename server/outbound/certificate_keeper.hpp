#pragma once

/// \file
/// Keeps the platform certificates of a running service fresh.

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "crypto/random.hpp"
#include "base/clock.hpp"
#include "server/config/config.hpp"
#include "server/log/log.hpp"
#include "server/outbound/call_pace.hpp"
#include "server/outbound/certificate_schedule.hpp"
#include "server/outbound/fetched_certificates.hpp"

namespace couponhook::server {

/// What became of one merchant's certificates since the process started.
struct CertificateUpkeep {
  std::string mchid;
  std::string directory;  ///< empty: they are held in memory only
  std::uint64_t fetches = 0;
  std::uint64_t fetch_failures = 0;
  std::uint64_t keeps = 0;  ///< in files
  std::uint64_t keep_failures = 0;
  std::string fetch_error{};  ///< of the last fetch; empty: it succeeded
  std::string keep_error{};   ///< why they could not be kept just now; empty: they could
};

/// Fetches each merchant's certificates as CertificateSchedule says. What it fetches is of use at
/// once, from memory, and is kept in certificate_directory where that can be written to, so that a
/// restart needs no network. Whether it can is tried at the start and at each fetch: not only at
/// the rollover, when it is too late.
///
/// Public-key merchants are left alone, those included of whom WeChat Pay says that they are.
class CertificateKeeper {
 public:
  /// \param fetched where it puts what it fetches.
  /// \param on_change told of the merchant whose certificates there are others now, from a thread
  ///   of the keeper's.
  /// \param log must outlive it, as fetched must.
  CertificateKeeper(Config config, base::WallClock clock, crypto::RandomSource random,
                    std::shared_ptr<CallPace> pace, FetchedCertificates& fetched,
                    std::function<void(const std::string& mchid)> on_change, Log& log);
  /// As ask_to_stop(), and waits for the end.
  ~CertificateKeeper();
  CertificateKeeper(const CertificateKeeper&) = delete;
  CertificateKeeper& operator=(const CertificateKeeper&) = delete;

  void start();
  /// Goes by another configuration, a moment later. For a merchant whose [merchant.api] has
  /// changed, or whose last call has failed, it asks anew, as soon as that is a minute ago; of
  /// others what is known is kept. To be called by whoever called start().
  void reconfigure(Config config);
  /// From now on it does nothing more; a call that is under way is cut short.
  void ask_to_stop() { thread_.request_stop(); }

  /// Somebody has signed with a key that is not loaded. Cheap; thread-safe.
  void serial_unknown(std::string_view mchid, std::string_view serial);

  /// Of each merchant whose certificates are fetched. Thread-safe.
  [[nodiscard]] std::vector<CertificateUpkeep> upkeep() const;

 private:
  /// What is known of one merchant's certificates.
  struct Ward {
    explicit Ward(const MerchantConfig& config);

    MerchantConfig merchant;
    CertificateSchedule schedule;  ///< protected by the mutex, as the next
    CertificateUpkeep upkeep;
  };

  static std::list<Ward> wards_of(const Config& config);
  void start_thread();
  void work(const std::stop_token& stop);
  void adopt_next_config();
  void look_after(Ward& ward, const std::stop_token& stop);
  void refresh(Ward& ward, const std::stop_token& stop);
  void note_fetch_failure(Ward& ward, const std::string& why);
  void keep(Ward& ward);

  Config config_;  ///< the thread's own
  const base::WallClock clock_;
  const crypto::RandomSource random_;
  const std::shared_ptr<CallPace> pace_;
  FetchedCertificates& fetched_;
  const std::function<void(const std::string&)> on_change_;
  Log& log_;

  mutable std::mutex mutex_;
  std::list<Ward> wards_;       ///< protected by the mutex where another thread than its own looks
  std::optional<Config> next_;  ///< protected by the mutex

  std::jthread thread_;  ///< last, since it uses all of the above
};

}  // namespace couponhook::server
