#pragma once

/// \file
/// Downloads WeChat Pay's platform certificates for a running service, and writes them to files.

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

/// State of the downloads of one merchant's platform certificates, since the process started.
struct CertificateStatus {
  std::string mchid;
  /// Folder to which the certificates are written. If the path is empty, the certificates are only
  /// in memory.
  std::string directory;
  std::uint64_t fetches = 0;
  std::uint64_t fetch_failures = 0;
  /// Number of successful writes of the certificates to files.
  std::uint64_t keeps = 0;
  std::uint64_t keep_failures = 0;
  /// Error of the last download of certificates; empty if the download succeeded.
  std::string fetch_error{};
  /// Error of the last write of certificates to files; empty if the write succeeded.
  std::string keep_error{};
};

/// Downloads each merchant's platform certificates at the times that CertificateSchedule chooses.
/// The service uses the downloaded certificates at once, from memory. If possible, they are also
/// written to the folder api.certificate_directory, so that a restart needs no network. At the
/// start and at each download, the keeper tests whether it can write to the folder. Otherwise the
/// fault would be found only when WeChat Pay changes its keys, which is too late.
///
/// Merchants that are configured with a platform public key are skipped. If WeChat Pay's reply says
/// that a merchant uses a public key, the keeper stops the downloads for this merchant.
class CertificateKeeper {
 public:
  /// \param fetched receives the downloaded certificates; must outlive the keeper.
  /// \param on_change function that is called on the keeper's thread, with the id of the merchant
  ///   whose certificates changed.
  /// \param log must outlive the keeper.
  CertificateKeeper(Config config, base::WallClock clock, crypto::RandomSource random,
                    std::shared_ptr<CallPace> pace, FetchedCertificates& fetched,
                    std::function<void(const std::string& mchid)> on_change, Log& log);
  /// Calls ask_to_stop(), and waits for the keeper's thread to end.
  ~CertificateKeeper();
  CertificateKeeper(const CertificateKeeper&) = delete;
  CertificateKeeper& operator=(const CertificateKeeper&) = delete;

  void start();
  /// Gives the keeper a new configuration, which takes effect a moment later. The certificates of a
  /// merchant are downloaded again if its [merchant.api] table changed or its last download failed,
  /// but not within a minute of the last download. Other merchants keep their state. Call this from
  /// the thread that called start().
  void reconfigure(Config config);
  /// Ends the keeper's work permanently, and interrupts a running API call.
  void ask_to_stop() { thread_.request_stop(); }

  /// Reports that a request was signed with a key whose serial number is unknown. The keeper then
  /// downloads certificates soon. Fast; thread-safe.
  void serial_unknown(std::string_view mchid, std::string_view serial);

  /// Returns the state of each merchant whose certificates are downloaded. Thread-safe.
  [[nodiscard]] std::vector<CertificateStatus> upkeep() const;

 private:
  /// Platform certificates of one merchant: the merchant's configuration, the schedule of
  /// downloads, and the state of the downloads.
  struct MerchantCertificates {
    explicit MerchantCertificates(const MerchantConfig& config);

    MerchantConfig merchant;
    /// Schedule of the downloads and of the writes to files. Guarded by the mutex.
    CertificateSchedule schedule;
    CertificateStatus upkeep;
  };

  static std::list<MerchantCertificates> certificates_of(const Config& config);
  void start_thread();
  void work(const std::stop_token& stop);
  void adopt_next_config();
  void maintain(MerchantCertificates& certificates, const std::stop_token& stop);
  void refresh(MerchantCertificates& certificates, const std::stop_token& stop);
  void note_fetch_failure(MerchantCertificates& certificates, const std::string& why);
  void keep(MerchantCertificates& certificates);

  /// Configuration that the keeper works with now. Only the keeper's thread uses it.
  Config config_;
  const base::WallClock clock_;
  const crypto::RandomSource random_;
  const std::shared_ptr<CallPace> pace_;
  FetchedCertificates& fetched_;
  const std::function<void(const std::string&)> on_change_;
  Log& log_;

  mutable std::mutex mutex_;
  /// List with one entry for each merchant whose certificates are downloaded. The keeper's thread
  /// may read the list without the mutex; all other access needs the mutex.
  std::list<MerchantCertificates> merchants_;
  /// New configuration that the keeper's thread has not adopted yet. Guarded by the mutex.
  std::optional<Config> next_;

  std::jthread thread_;  ///< declared last, because the thread uses all other members
};

}  // namespace couponhook::server
