#pragma once

/// \file
/// Complete state of the simulated WeChat Pay, and the function that adds a notification to the
/// queue of outgoing notifications.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sandbox/authorization.hpp"
#include "sandbox/call.hpp"
#include "sandbox/certificates.hpp"
#include "sandbox/coupon_records.hpp"
#include "sandbox/flow_file.hpp"
#include "sandbox/outbox.hpp"
#include "sandbox/request_limiter.hpp"
#include "sandbox/seeded_random.hpp"
#include "sandbox/uploaded_images.hpp"

namespace couponhook::server::sandbox {

/// The URL to which notifications for one merchant and one kind of coupon (代金券 or 商家券) are
/// sent.
struct Callback {
  std::string url;  ///< the notification URL; empty if the merchant has set none
  bool on = true;
};

/// A merchant account of the simulated WeChat Pay. The key with which the merchant's requests are
/// verified is not here but in Platform::api_keys.
struct Account {
  /// APIv3 key (32 bytes), with which the merchant's notifications are encrypted.
  crypto::Secret api_v3_key;
  /// APIv2 key, with which H5 links are signed; empty if none is configured.
  crypto::Secret api_v2_key;
  std::map<Product, Callback> callbacks;
};

/// Faults that the sandbox (a simulated WeChat Pay) injects when it sends notifications. Each
/// percentage is the probability that a notification has this fault.
struct Faults {
  double lose_percent = 0;
  /// Event type of the notifications that can be lost (an injected fault). Empty: notifications of
  /// every event type can be lost.
  std::string lose_event;
  double probe_percent = 0;
  double duplicate_percent = 0;
  /// Longest random pause before a notification is first sent, so that notifications arrive in
  /// another order (an injected fault).
  std::chrono::seconds shuffle{0};
};

struct PlatformOptions {
  std::uint64_t seed = 1;
  std::string base_url;  ///< address of the sandbox, with which all download links begin
  std::chrono::seconds link_life{30};
  std::int64_t requests_per_minute = 0;
  Faults faults;
};

/// The complete state of the simulated WeChat Pay: accounts, keys, records and queued
/// notifications. Not thread-safe.
struct Platform {
  Platform(PlatformOptions platform_options, PlatformKeyPtr first_key)
      : options(std::move(platform_options)),
        chance(options.seed),
        records(chance),
        certificates(std::move(first_key)),
        links(options.link_life),
        gate(options.requests_per_minute),
        faults(options.faults) {}
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  PlatformOptions options;
  SeededRandom chance;
  CouponRecords records;
  Outbox outbox;
  Certificates certificates;
  FlowLinks links;
  UploadedImages images;
  RequestLimiter gate;
  Faults faults;
  /// All merchants; the key is the mchid (merchant number).
  std::map<std::string, Account> accounts;
  /// Keys with which API requests are verified, by mchid (merchant number). A merchant that cannot
  /// sign requests has no key here.
  std::map<std::string, ApiKey> api_keys;
  /// Function that is called after a new notification was added to the queue of outgoing
  /// notifications.
  std::function<void()> on_queued = [] {};
};

/// Adds a notification to the queue of outgoing notifications, and chooses its injected faults at
/// random: loss, a probe with a wrong signature, more copies, a delay.
/// \param url address of the receiver. Empty: the notification URL that the merchant set for this
///   kind of coupon (代金券 or 商家券).
/// \return the id of the queued notification.
std::string notify(Platform& platform, const std::string& mchid, Product product, Draft draft,
                   std::string url, SandboxTime now);

}  // namespace couponhook::server::sandbox
