#pragma once

/// \file
/// Schedule of one merchant's certificates: the times of fetches and of writes to files.

#include <chrono>

#include "wechatpay/rate_limiter.hpp"

namespace couponhook::server {

/// Schedules a fetch at the start, at regular intervals, and after an unknown serial; never more
/// than one a minute, because anybody can send an unknown serial. Failed fetches are repeated with
/// backoff. Failed writes to files have a backoff of their own, without a fetch. The caller
/// supplies the time. Not thread-safe.
class CertificateSchedule {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::minutes kFirstFetchRetry{1};
  static constexpr std::chrono::minutes kLastFetchRetry{64};
  static constexpr std::chrono::seconds kFirstKeepRetry{5};
  static constexpr std::chrono::seconds kLastKeepRetry{320};

  /// \param interval time between two successful fetches.
  explicit CertificateSchedule(std::chrono::minutes interval) : interval_(interval) {}

  /// Continues the schedule of an earlier configuration.
  /// \param afresh true: a fetch is due at once, because its settings changed. A fetch is also due
  /// at once if the last one failed.
  CertificateSchedule(std::chrono::minutes interval, const CertificateSchedule& earlier,
                      bool afresh);

  /// Requests a fetch, after an unknown serial.
  void ask() { asked_ = true; }
  /// Ends the schedule, because WeChat Pay has no certificates for this merchant.
  void never_fetch() {
    is_over_ = true;
    wants_keep_ = false;
  }
  /// Returns true if a fetch is due now; the fetch then counts for the rate limit.
  [[nodiscard]] bool take_fetch(TimePoint now);
  void fetched(TimePoint now);
  /// \param has_none true: no platform certificate is known at all, so the next fetches follow
  /// every minute.
  void fetch_failed(TimePoint now, bool has_none);
  [[nodiscard]] bool has_failed() const { return fetch_failures_ > 0; }

  /// Returns true if the known certificates should be written to files now. The caller must then
  /// call kept() or keep_failed().
  [[nodiscard]] bool take_keep(TimePoint now) { return wants_keep_ && now >= keep_due_; }
  /// Makes a write to files due at once.
  void want_keep(TimePoint now);
  void kept();
  void keep_failed(TimePoint now);

 private:
  std::chrono::minutes interval_;
  wechatpay::RateWindow window_{{1, std::chrono::seconds(60)}};
  TimePoint fetch_due_{};
  int fetch_failures_ = 0;  // number of consecutive failures
  bool asked_ = false;
  bool is_over_ = false;
  // True at the start too: an unwritable folder must be found before new certificates arrive.
  bool wants_keep_ = true;
  TimePoint keep_due_{};
  int keep_failures_ = 0;  // number of consecutive failures
};

}  // namespace couponhook::server
