#include "server/outbound/certificate_schedule.hpp"

#include <algorithm>

namespace couponhook::server {
namespace {

constexpr int kDoublingsMax = 6;

/// Returns the delay before the next attempt. The delay doubles with each failure, from `first` to
/// at most `last`.
/// \param failures number of consecutive failures, at least 1.
template <typename Duration>
Duration backoff(int failures, Duration first, Duration last) {
  return std::min(last, first * (1 << std::min(failures - 1, kDoublingsMax)));
}

}  // namespace

CertificateSchedule::CertificateSchedule(std::chrono::minutes interval,
                                         const CertificateSchedule& earlier, bool afresh)
    : CertificateSchedule(earlier) {
  interval_ = interval;
  if (afresh || earlier.has_failed()) {
    fetch_due_ = {};
    fetch_failures_ = 0;
    is_over_ = false;
  }
  // Write the certificates again: the new configuration may name another folder, or the folder may
  // contain the certificates of another merchant.
  wants_keep_ = true;
  keep_due_ = {};
  keep_failures_ = 0;
}

bool CertificateSchedule::take_fetch(TimePoint now) {
  if (is_over_ || (!asked_ && now < fetch_due_)) return false;
  // If the rate limit (one download a minute) allows no download now, the request that was made
  // with ask() stays pending.
  if (!window_.try_reserve(now)) return false;
  asked_ = false;
  return true;
}

void CertificateSchedule::fetched(TimePoint now) {
  fetch_failures_ = 0;
  fetch_due_ = now + interval_;
}

void CertificateSchedule::fetch_failed(TimePoint now, bool has_none) {
  const auto last = has_none ? kFirstFetchRetry : std::min(kLastFetchRetry, interval_);
  fetch_due_ = now + backoff(++fetch_failures_, kFirstFetchRetry, last);
}

void CertificateSchedule::want_keep(TimePoint now) {
  wants_keep_ = true;
  keep_due_ = now;
}

void CertificateSchedule::kept() {
  wants_keep_ = false;
  keep_failures_ = 0;
}

void CertificateSchedule::keep_failed(TimePoint now) {
  keep_due_ = now + backoff(++keep_failures_, kFirstKeepRetry, kLastKeepRetry);
}

}  // namespace couponhook::server
