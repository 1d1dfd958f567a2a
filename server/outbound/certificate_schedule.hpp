#pragma once

/// \file
/// When one merchant's certificates are fetched, and when they are kept in files.

#include <chrono>

#include "wechatpay/rate_limiter.hpp"

namespace couponhook::server {

/// Fetches at the start, in intervals, and when a serial turns up that is not known; never more
/// than once a minute, since serials are what anybody writes into a header. Failures are repeated
/// with backoff. What could not be kept in files is tried again apart from that, without the
/// network. The clock is the caller's. Not thread-safe.
class CertificateSchedule {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::minutes kFirstFetchRetry{1};
  static constexpr std::chrono::minutes kLastFetchRetry{64};
  static constexpr std::chrono::seconds kFirstKeepRetry{5};
  static constexpr std::chrono::seconds kLastKeepRetry{320};

  /// \param interval between two fetches that succeed.
  explicit CertificateSchedule(std::chrono::minutes interval) : interval_(interval) {}

  /// Goes on where that of an earlier configuration was. \param afresh whether a fetch is due at
  /// once, since what it depends on has changed or the last one failed.
  CertificateSchedule(std::chrono::minutes interval, const CertificateSchedule& earlier,
                      bool afresh);

  /// A serial was not known.
  void ask() { asked_ = true; }
  /// WeChat Pay has no certificates for this merchant.
  void never_fetch() {
    is_over_ = true;
    wants_keep_ = false;
  }
  /// Whether to fetch now; its place in the minute is taken then.
  [[nodiscard]] bool take_fetch(TimePoint now);
  void fetched(TimePoint now);
  /// \param has_none whether no platform certificate is known at all: it is asked for every minute
  ///   then.
  void fetch_failed(TimePoint now, bool has_none);
  [[nodiscard]] bool has_failed() const { return fetch_failures_ > 0; }

  /// Whether to try now to keep in files what is known; kept() or keep_failed() has to follow.
  [[nodiscard]] bool take_keep(TimePoint now) { return wants_keep_ && now >= keep_due_; }
  /// There is something to keep, at once.
  void want_keep(TimePoint now);
  void kept();
  void keep_failed(TimePoint now);

 private:
  std::chrono::minutes interval_;
  wechatpay::RateWindow window_{{1, std::chrono::seconds(60)}};
  TimePoint fetch_due_{};
  int fetch_failures_ = 0;  // in a row
  bool asked_ = false;
  bool is_over_ = false;
  // At the start too: whether certificates could be kept is to be known before they are due.
  bool wants_keep_ = true;
  TimePoint keep_due_{};
  int keep_failures_ = 0;  // in a row
};

}  // namespace couponhook::server
