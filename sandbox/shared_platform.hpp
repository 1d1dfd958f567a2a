#pragma once

/// \file
/// Makes the simulated WeChat Pay (Platform) thread-safe, and adds its clocks and the signatures of
/// its replies.

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

/// A request to the simulated WeChat Pay, as the HTTP listener received it. The text to which the
/// string views point must live until the request is answered.
struct RawRequest {
  SignedRequest signed_parts;
  std::string_view wanted_serial;  ///< value of the Wechatpay-Serial header in the request
  std::string_view peer;
  std::string_view content_type{};  ///< value of the Content-Type header in the request
};

/// A complete reply of the simulated WeChat Pay, with the headers that contain its signature.
struct RawReply {
  unsigned status = 200;
  std::string body;
  bool is_file = false;
  std::string_view file_type{};  ///< Content-Type of the body, if it is a file
  Headers headers;
};

/// One copy of a notification that the sandbox (a simulated WeChat Pay) must send now, and the
/// address of its receiver.
struct CopyToSend {
  Copy copy;
  Draft draft;
  std::string url;
  std::shared_ptr<const NotificationMaker> maker;
};

/// The simulated WeChat Pay, protected by one mutex. Answers API requests, and returns the
/// notifications whose send time has come. Thread-safe, except set_base_url() and on_queued().
class SharedPlatform {
 public:
  /// \param speed number of seconds of WeChat Pay's retry schedule that pass in one second of real
  ///   time.
  SharedPlatform(std::unique_ptr<Platform> platform, base::WallClock clock,
                 crypto::RandomSource random, double speed);

  /// Sets the address of the sandbox's HTTP listener; the sandbox's download links begin with it.
  /// Call set_base_url() and on_queued() before the listener's thread starts.
  void set_base_url(std::string url) { platform_->options.base_url = std::move(url); }
  void on_queued(std::function<void()> listener) { platform_->on_queued = std::move(listener); }

  [[nodiscard]] RawReply answer(const RawRequest& request);

  [[nodiscard]] std::optional<CopyToSend> take_copy();
  /// Returns the time until take_copy() will return a notification to be sent; nothing if no
  /// notification waits.
  [[nodiscard]] std::optional<std::chrono::milliseconds> until_next_copy();
  void finish_copy(const Copy& copy, unsigned status);

  [[nodiscard]] OutboxSummary summary();

 private:
  [[nodiscard]] SandboxTime now() const;
  [[nodiscard]] Result<Answer> ask(const RawRequest& request, RawReply& reply);
  void sign(const PlatformKey& key, RawReply& reply) const;
  std::shared_ptr<const NotificationMaker> maker_for(const std::string& mchid,
                                                     const PlatformKey& key);

  const base::WallClock clock_;
  const crypto::RandomSource random_;
  const double speed_;
  const std::chrono::steady_clock::time_point begun_;
  std::mutex mutex_;  // protects all members that are declared after it
  std::unique_ptr<Platform> platform_;
  Routes routes_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const NotificationMaker>> makers_;
};

}  // namespace couponhook::server::sandbox
