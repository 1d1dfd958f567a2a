#pragma once

/// \file
/// The platform as its threads share it, with the clocks that it runs by.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/random.hpp"
#include "base/clock.hpp"
#include "sandbox/api.hpp"
#include "sandbox/authorization.hpp"

namespace couponhook::server::sandbox {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A request as it came in; views that must outlive the call.
struct RawRequest {
  SignedRequest signed_parts;
  std::string_view wanted_serial;  ///< Wechatpay-Serial
  std::string_view peer;
};

/// A reply, ready to go.
struct RawReply {
  unsigned status = 200;
  std::string body;
  bool is_file = false;
  Headers headers;
};

/// A copy of a notification to be carried to its receiver.
struct Errand {
  Copy copy;
  Draft draft;
  std::string url;
  std::shared_ptr<const NotificationMaker> maker;
};

/// Thread-safe.
class SharedPlatform {
 public:
  /// \param speed how many seconds of the retry schedule pass in one.
  SharedPlatform(std::unique_ptr<Platform> platform, base::WallClock clock, crypto::RandomSource random,
                 double speed);

  /// Before any thread begins: where it turned out to listen.
  void set_base_url(std::string url) { platform_->options.base_url = std::move(url); }
  void on_news(std::function<void()> tell) { platform_->on_news = std::move(tell); }

  [[nodiscard]] RawReply answer(const RawRequest& request);

  [[nodiscard]] std::optional<Errand> take_errand();
  /// \return how long until there is one to take, as far as is known now.
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
  std::mutex mutex_;  // for all below
  std::unique_ptr<Platform> platform_;
  Routes routes_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const NotificationMaker>> makers_;
};

}  // namespace couponhook::server::sandbox
