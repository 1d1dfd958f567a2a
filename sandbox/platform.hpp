#pragma once

/// \file
/// Complete state of the simulated WeChat Pay, and the function that queues a notification.

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

/// A merchant's notification URL for one product.
struct Callback {
  std::string url;  ///< empty: never set
  bool on = true;
};

/// A merchant as WeChat Pay knows it. The key that verifies the merchant's requests is in
/// Platform::api_keys.
struct Account {
  crypto::Secret api_v3_key;  ///< APIv3 key of 32 bytes
  crypto::Secret api_v2_key;  ///< empty: none configured
  std::map<Product, Callback> callbacks;
};

/// Injected faults of notifications. Each percentage is the probability for one notification.
struct Faults {
  double lose_percent = 0;
  std::string lose_event;  ///< event type that can be lost; empty: any
  double probe_percent = 0;
  double duplicate_percent = 0;
  std::chrono::seconds shuffle{0};  ///< longest random delay before a notification's first send
};

struct PlatformOptions {
  std::uint64_t seed = 1;
  std::string base_url;  ///< beginning of the download links that the sandbox returns
  std::chrono::seconds link_life{30};
  std::int64_t requests_per_minute = 0;
  Faults faults;
};

/// The complete state of the simulated WeChat Pay. Not thread-safe.
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
  std::map<std::string, Account> accounts;  ///< key: mchid
  std::map<std::string, ApiKey> api_keys;   ///< key: mchid; only merchants that can sign API
                                            ///< requests
  /// Called after a new notification was added to the outbox.
  std::function<void()> on_news = [] {};
};

/// Queues a notification and draws its injected faults (loss, probe, copies, delay).
/// \param url notification URL; empty: the URL that the merchant set for the product.
/// \return the notification's id.
std::string notify(Platform& platform, const std::string& mchid, Product product, Draft draft,
                   std::string url, Moment now);

}  // namespace couponhook::server::sandbox
