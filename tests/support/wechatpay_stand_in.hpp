#pragma once

/// \file
/// A stand-in for WeChat Pay in tests without a network. It has a signing key and a clock that the
/// test sets forward. It signs and repeats notifications with the code of `couponhook sandbox` (a
/// simulated WeChat Pay).

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/self_signed.hpp"
#include "sandbox/local/notification_maker.hpp"
#include "server/net/http_message.hpp"
#include "server/receive/merchants.hpp"

namespace couponhook::support {

/// A signed notification as an HTTP request, in the form in which the HTTP listener passes requests
/// on. A test can change its headers and its body.
class FakeRequest {
 public:
  explicit FakeRequest(server::SignedNotification notification)
      : fields_(std::move(notification.headers)), body_(std::move(notification.body)) {}

  void set(std::string name, std::string value) {
    fields_.changed[std::move(name)] = std::move(value);
  }
  [[nodiscard]] std::string get(std::string_view name) const {
    return std::string(fields_.find(name));
  }
  std::string& body() { return body_; }

  /// Returns the request without copying its text. The result is valid as long as this object
  /// exists and is not changed.
  [[nodiscard]] server::Request view() const {
    return {"POST", "/notify/1900000001", fields_, body_, "192.0.2.1"};
  }

 private:
  struct Fields final : server::HeaderFields {
    explicit Fields(std::vector<std::pair<std::string, std::string>> sent_fields)
        : sent(std::move(sent_fields)) {}
    [[nodiscard]] std::string_view find(std::string_view name) const override {
      if (const auto found = changed.find(name); found != changed.end()) return found->second;
      for (const auto& [key, value] : sent) {
        if (key == name) return value;
      }
      return {};
    }
    std::vector<std::pair<std::string, std::string>> sent;
    std::map<std::string, std::string, std::less<>> changed;
  };

  Fields fields_;
  std::string body_;
};

class WeChatPayStandIn {
 public:
  /// \param now time at which the clock of the stand-in starts; advance() sets this clock forward.
  explicit WeChatPayStandIn(std::chrono::system_clock::time_point now);

  [[nodiscard]] std::chrono::system_clock::time_point now() const { return *now_; }
  void advance(std::chrono::seconds by) { *now_ += by; }

  /// Returns the merchant configuration with which a receiver accepts the stand-in's notifications:
  /// the certificate with which they are verified, and the APIv3 key with which they are decrypted.
  [[nodiscard]] server::Merchant merchant() const;
  [[nodiscard]] const std::string& serial() const { return pair_.serial; }
  [[nodiscard]] const std::string& certificate_pem() const { return pair_.certificate_pem; }

  [[nodiscard]] FakeRequest notify(const server::Draft& draft,
                                   server::Bad bad = server::Bad::kNone) const {
    return FakeRequest(maker_.make(draft, bad));
  }

  /// Sends copies of a notification at the times of WeChat Pay's retry schedule: calls the function
  /// `post` for each copy, and sets the clock forward between two copies. Stops when `post` returns
  /// 200 or 204, or when the schedule ends.
  /// \return the HTTP status that `post` returned for each copy.
  std::vector<unsigned> send_until_acknowledged(
      const server::Draft& draft, const std::function<unsigned(const FakeRequest&)>& post);

 private:
  std::shared_ptr<std::chrono::system_clock::time_point> now_;
  crypto::SelfSignedPair pair_;
  server::NotificationMaker maker_;
};

/// Returns the draft (content before signing) of a COUPON.USE notification with this id.
/// Notifications with different ids have different coupons.
[[nodiscard]] server::Draft redemption_draft(std::string id);

}  // namespace couponhook::support
