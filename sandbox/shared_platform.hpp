#pragma once

/// \file
/// Thread-safe wrapper of the platform, with its clocks and its signatures.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "crypto/random.hpp"
#include "sandbox/api.hpp"
#include "sandbox/authorization.hpp"

namespace couponhook::server::sandbox {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A request as received. The memory behind the views must outlive the call.
struct RawRequest {
  SignedRequest signed_parts;
  std::string_view wanted_serial;  ///< value of the Wechatpay-Serial header
  std::string_view peer;
};

/// A complete reply, with its signature headers.
struct RawReply {
  unsigned status = 200;
  std::string body;
  bool is_file = false;
  Headers headers;
};

/// A copy of a notification, to be sent to its receiver.
struct Errand {
  Copy copy;
  Draft draft;
  std::string url;
  std::shared_ptr<const NotificationMaker> maker;
};

/// Answers requests and hands out due notifications under one lock. Thread-safe, except
/// set_base_url() and on_news().
class SharedPlatform {
 public:
  /// \param speed seconds of the retry schedule that pass in one second of real time.
  SharedPlatform(std::unique_ptr<Platform> platform, base::WallClock clock,
                 crypto::RandomSource random, double speed);

  /// Sets the address of the listener. Call this and on_news() before the listener's thread starts.
  void set_base_url(std::string url) { platform_->options.base_url = std::move(url); }
  void on_news(std::function<void()> tell) { platform_->on_news = std::move(tell); }

  [[nodiscard]] RawReply answer(const RawRequest& request);

  [[nodiscard]] std::optional<Errand> take_errand();
  /// \return the time until take_errand() will return a copy, as far as is known now.
  [[nodiscard]] std::optional<std::chrono::milliseconds> until_next_errand();
  void conclude_errand(const Copy& copy, unsigned status);

  [[nodiscard]] OutboxSummary summary();

 private:
  [[nodiscard]] Moment now() const;
  [[nodiscard]] Result<Answer> ask(const RawRequest& request, RawReply& reply);
  void sign(const PlatformKey& key, RawReply& reply) const;
  std::shared_ptr<const NotificationMaker> maker_for(const std::string& mchid,
                                                     const PlatformKey& key);

  const base::WallClock clock_;
  const crypto::RandomSource random_;
  const double speed_;
  const std::chrono::steady_clock::time_point begun_;
  std::mutex mutex_;  // guards all members below
  std::unique_ptr<Platform> platform_;
  Routes routes_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const NotificationMaker>> makers_;
};

}  // namespace couponhook::server::sandbox
