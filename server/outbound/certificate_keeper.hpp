#pragma once

/// \file
/// Fetches and keeps the platform certificates of a running service.

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

#include "base/clock.hpp"
#include "crypto/random.hpp"
#include "server/config/config.hpp"
#include "server/log/log.hpp"
#include "server/outbound/call_pace.hpp"
#include "server/outbound/certificate_schedule.hpp"
#include "server/outbound/fetched_certificates.hpp"

namespace couponhook::server {

/// State of one merchant's certificates, since the process started.
struct CertificateStatus {
  std::string mchid;
  std::string directory;  ///< empty: the certificates are only in memory
  std::uint64_t fetches = 0;
  std::uint64_t fetch_failures = 0;
  std::uint64_t keeps = 0;  ///< successful writes to files
  std::uint64_t keep_failures = 0;
  std::string fetch_error{};  ///< error of the last fetch; empty: it succeeded
  std::string keep_error{};   ///< error of the last write to files; empty: it succeeded
};

/// Fetches each merchant's certificates on the schedule of CertificateSchedule. Fetched
/// certificates take effect at once, from memory. They are also written to certificate_directory if
/// possible, so that a restart needs no network. At the start and at each fetch, the keeper tests
/// whether it can write to the directory. A key rollover would be too late to find out.
///
/// Merchants with a public key are skipped. The keeper also learns from WeChat Pay's reply that a
/// merchant uses a public key.
class CertificateKeeper {
 public:
  /// \param fetched receives the fetched certificates; must outlive the keeper.
  /// \param on_change called on the keeper's thread with the merchant whose certificates changed.
  /// \param log must outlive the keeper.
  CertificateKeeper(Config config, base::WallClock clock, crypto::RandomSource random,
                    std::shared_ptr<CallPace> pace, FetchedCertificates& fetched,
                    std::function<void(const std::string& mchid)> on_change, Log& log);
  /// Does what ask_to_stop() does, and waits for the thread to end.
  ~CertificateKeeper();
  CertificateKeeper(const CertificateKeeper&) = delete;
  CertificateKeeper& operator=(const CertificateKeeper&) = delete;

  void start();
  /// Replaces the configuration, a moment later. A merchant whose [merchant.api] changed or whose
  /// last fetch failed is fetched again, but not within a minute of the last fetch. Other merchants
  /// keep their state. Call from the thread that called start().
  void reconfigure(Config config);
  /// Stops the keeper's work for good and interrupts a running call.
  void ask_to_stop() { thread_.request_stop(); }

  /// Tells the keeper that a request was signed with an unknown serial, so that certificates are
  /// fetched soon. Cheap; thread-safe.
  void serial_unknown(std::string_view mchid, std::string_view serial);

  /// Returns the state of each merchant whose certificates are fetched. Thread-safe.
  [[nodiscard]] std::vector<CertificateStatus> upkeep() const;

 private:
  /// One merchant's certificates: configuration, schedule and state.
  struct MerchantCertificates {
    explicit MerchantCertificates(const MerchantConfig& config);

    MerchantConfig merchant;
    CertificateSchedule schedule;  ///< guarded by the mutex, like `upkeep`
    CertificateStatus upkeep;
  };

  static std::list<MerchantCertificates> wards_of(const Config& config);
  void start_thread();
  void work(const std::stop_token& stop);
  void adopt_next_config();
  void look_after(MerchantCertificates& ward, const std::stop_token& stop);
  void refresh(MerchantCertificates& ward, const std::stop_token& stop);
  void note_fetch_failure(MerchantCertificates& ward, const std::string& why);
  void keep(MerchantCertificates& ward);

  Config config_;  ///< the thread's own
  const base::WallClock clock_;
  const crypto::RandomSource random_;
  const std::shared_ptr<CallPace> pace_;
  FetchedCertificates& fetched_;
  const std::function<void(const std::string&)> on_change_;
  Log& log_;

  mutable std::mutex mutex_;
  std::list<MerchantCertificates> wards_;  ///< the keeper's thread reads it freely; all other
                                           ///< access needs the mutex
  std::optional<Config> next_;             ///< guarded by the mutex

  std::jthread thread_;  ///< last, because the thread uses all members above
};

}  // namespace couponhook::server
