#pragma once

/// \file
/// All that the sandbox knows, and how it notifies.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sandbox/authorization.hpp"
#include "sandbox/books.hpp"
#include "sandbox/call.hpp"
#include "sandbox/certificates.hpp"
#include "sandbox/chance.hpp"
#include "sandbox/flow_file.hpp"
#include "sandbox/gate.hpp"
#include "sandbox/outbox.hpp"

namespace couponhook::server::sandbox {

/// Where a merchant wants the notifications of one product.
struct Callback {
  std::string url;  ///< empty: nobody has said so
  bool on = true;
};

/// A merchant as WeChat Pay knows it, besides the key of its requests.
struct Account {
  crypto::Secret api_v3_key;  ///< 32 bytes
  crypto::Secret api_v2_key;  ///< empty where none is configured
  std::map<Product, Callback> callbacks;
};

/// What goes wrong with notifications, in percent of them.
struct Faults {
  double lose_percent = 0;
  std::string lose_event;  ///< only these; empty: any
  double probe_percent = 0;
  double duplicate_percent = 0;
  std::chrono::seconds shuffle{0};  ///< each waits up to this long before it goes
};

struct PlatformOptions {
  std::uint64_t seed = 1;
  std::string base_url;  ///< of the links that it gives
  std::chrono::seconds link_life{30};
  std::int64_t requests_per_minute = 0;
  Faults faults;
};

/// Not thread-safe.
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
  Chance chance;
  Books books;
  Outbox outbox;
  Certificates certificates;
  FlowLinks links;
  Gate gate;
  Faults faults;
  std::map<std::string, Account> accounts;  ///< by mchid
  std::map<std::string, ApiKey> api_keys;   ///< by mchid; those who can sign requests
  /// Told of what is new in the outbox.
  std::function<void()> on_news = [] {};
};

/// Puts a notification on its way, or what the faults make of it.
/// \param url empty: where the merchant wants those of the product.
/// \return its id.
std::string notify(Platform& platform, const std::string& mchid, Product product, Draft draft,
                   std::string url, Moment now);

}  // namespace couponhook::server::sandbox
