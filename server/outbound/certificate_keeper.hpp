#pragma once

/// \file
/// Keeps the platform certificates of a running service fresh.

#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>

#include "crypto/random.hpp"
#include "server/clock.hpp"
#include "server/config/config.hpp"
#include "server/log.hpp"
#include "server/outbound/call_pace.hpp"
#include "wechatpay/rate_limiter.hpp"

namespace couponhook::server {

/// Fetches each merchant's certificates at the start, every certificate_refresh_minutes, and when a
/// serial turns up that is not known; never more than once a minute, since serials are what anybody
/// writes into a header. What it fetches goes into certificate_directory, and the service's watch
/// over its files loads it from there: all or nothing, and a restart needs no network.
///
/// Public-key merchants are left alone, those included of whom WeChat Pay says that they are.
class CertificateKeeper {
 public:
  /// \param log must outlive it.
  CertificateKeeper(Config config, WallClock clock, crypto::RandomSource random,
                    std::shared_ptr<CallPace> pace, Log& log);
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

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// What is known of one merchant's certificates.
  struct Ward {
    MerchantConfig merchant;
    wechatpay::RateWindow window{{1, std::chrono::seconds(60)}};
    TimePoint due{};
    int failures = 0;    ///< in a row
    bool asked = false;  ///< protected by the mutex: a serial was not known
    bool left_alone = false;
  };

  static std::list<Ward> wards_of(const Config& config);
  void start_thread();
  void work(const std::stop_token& stop);
  void adopt_next_config();
  void refresh(Ward& ward, const std::stop_token& stop);

  Config config_;  ///< the thread's own
  const WallClock clock_;
  const crypto::RandomSource random_;
  const std::shared_ptr<CallPace> pace_;
  Log& log_;

  std::mutex mutex_;
  std::list<Ward> wards_;       ///< protected by the mutex where another thread than its own looks
  std::optional<Config> next_;  ///< protected by the mutex

  std::jthread thread_;  ///< last, since it uses all of the above
};

}  // namespace couponhook::server
