#pragma once

/// \file
/// Decides when one merchant's platform certificates are downloaded and when they are written to
/// files.

#include <chrono>

#include "wechatpay/rate_limiter.hpp"

namespace couponhook::server {

/// Schedule for the platform certificates of one merchant. A fetch (download from WeChat Pay) is
/// due at the start, at regular intervals, and after a request with an unknown key serial. There is
/// never more than one fetch a minute, because anybody can send an unknown serial. Failed fetches
/// are repeated with backoff. A failed keep (write to files) is repeated with its own backoff,
/// without a new fetch. The caller passes the time. Not thread-safe.
class CertificateSchedule {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::minutes kFirstFetchRetry{1};
  static constexpr std::chrono::minutes kLastFetchRetry{64};
  static constexpr std::chrono::seconds kFirstKeepRetry{5};
  static constexpr std::chrono::seconds kLastKeepRetry{320};

  /// \param interval time between two successful downloads of the platform certificates.
  explicit CertificateSchedule(std::chrono::minutes interval) : interval_(interval) {}

  /// Makes a schedule for a changed configuration, which continues the schedule `earlier`.
  /// \param afresh true if a download is due at once, because the settings for downloads changed.
  ///   If the last download failed, the next download is due at once in any case.
  CertificateSchedule(std::chrono::minutes interval, const CertificateSchedule& earlier,
                      bool afresh);

  /// Requests a download, because a request was signed with an unknown key serial.
  void ask() { asked_ = true; }
  /// Ends the schedule, because WeChat Pay has no platform certificates for this merchant.
  void never_fetch() {
    is_over_ = true;
    wants_keep_ = false;
  }
  /// Returns true if a download is due now. The download then counts for the rate limit of one a
  /// minute.
  [[nodiscard]] bool take_fetch(TimePoint now);
  void fetched(TimePoint now);
  /// Records that a download failed.
  /// \param has_none true if no platform certificate is known at all. The next downloads are then
  ///   tried every minute, without backoff.
  void fetch_failed(TimePoint now, bool has_none);
  [[nodiscard]] bool has_failed() const { return fetch_failures_ > 0; }

  /// Returns true if the known certificates should be written to files now. The caller must then
  /// call kept() or keep_failed().
  [[nodiscard]] bool take_keep(TimePoint now) { return wants_keep_ && now >= keep_due_; }
  /// Requests that the known certificates are written to files at once.
  void want_keep(TimePoint now);
  void kept();
  void keep_failed(TimePoint now);

 private:
  std::chrono::minutes interval_;
  wechatpay::RateWindow window_{{1, std::chrono::seconds(60)}};
  TimePoint fetch_due_{};
  int fetch_failures_ = 0;  // number of consecutive failed downloads
  bool asked_ = false;
  bool is_over_ = false;
  // True if the certificates must be written to files. Also true at the start, so that the service
  // notices an unwritable folder before new certificates arrive.
  bool wants_keep_ = true;
  TimePoint keep_due_{};
  int keep_failures_ = 0;  // number of consecutive failed writes to files
};

}  // namespace couponhook::server
