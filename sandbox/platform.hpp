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
#include "sandbox/books.hpp"
#include "sandbox/call.hpp"
#include "sandbox/certificates.hpp"
#include "sandbox/flow_file.hpp"
#include "sandbox/outbox.hpp"
#include "sandbox/request_limiter.hpp"
#include "sandbox/seeded_random.hpp"

namespace couponhook::server::sandbox {

/// A merchant's notification URL for one coupon product (代金券 or 商家券).
struct Callback {
  std::string url;  ///< the notification URL; empty if the merchant has never set one
  bool on = true;
};

/// A merchant account of the simulated WeChat Pay. The key that verifies the merchant's requests is
/// in Platform::api_keys.
struct Account {
  /// APIv3 key of 32 bytes, which encrypts the merchant's notifications.
  crypto::Secret api_v3_key;
  crypto::Secret api_v2_key;  ///< APIv2 key, which signs H5 links; empty if none is configured
  std::map<Product, Callback> callbacks;
};

/// Faults that the sandbox injects into the sending of notifications. Each percentage is the
/// probability that one notification has this fault.
struct Faults {
  double lose_percent = 0;
  /// Only notifications of this event type can be lost; empty: notifications of all types.
  std::string lose_event;
  double probe_percent = 0;
  double duplicate_percent = 0;
  /// Longest random pause before a notification is sent for the first time.
  std::chrono::seconds shuffle{0};
};

struct PlatformOptions {
  std::uint64_t seed = 1;
  std::string base_url;  ///< address of the sandbox, with which its download links begin
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
        books(chance),
        certificates(std::move(first_key)),
        links(options.link_life),
        gate(options.requests_per_minute),
        faults(options.faults) {}
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  PlatformOptions options;
  SeededRandom chance;
  Books books;
  Outbox outbox;
  Certificates certificates;
  FlowLinks links;
  RequestLimiter gate;
  Faults faults;
  std::map<std::string, Account> accounts;  ///< all merchants, by mchid (merchant number)
  /// Keys that verify API requests, by mchid; only of merchants that can sign requests.
  std::map<std::string, ApiKey> api_keys;
  /// Called after a new notification was added to the queue of outgoing notifications.
  std::function<void()> on_news = [] {};
};

/// Adds a notification to the queue of outgoing notifications, and chooses at random its injected
/// faults: loss, a probe with a wrong signature, more copies, a delay.
/// \param url address of the receiver; empty: the notification URL that the merchant set for the
/// product (代金券 or 商家券).
/// \return the id of the queued notification.
std::string notify(Platform& platform, const std::string& mchid, Product product, Draft draft,
                   std::string url, Moment now);

}  // namespace couponhook::server::sandbox
