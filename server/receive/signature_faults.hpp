#pragma once

/// \file
/// Evidence about requests whose signature was wrong, and the changes by proxies that explain them.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "server/net/http_message.hpp"
#include "server/receive/merchants.hpp"
#include "server/repair/damage.hpp"

namespace couponhook::server {

/// A change of requests that made their signatures wrong, and the place where they came from.
struct SignatureFault {
  std::string hop;  ///< IP address of the TCP client: the proxy that is nearest to couponhook
  std::string mchid;
  Damage damage = Damage::kUnknown;
  std::uint64_t requests = 0;  ///< number of requests in which this change was found
};

/// Facts about one request with a wrong signature, for its log line. They contain nothing of the
/// body but its digest.
struct SignatureEvidence {
  std::string body_sha256;  ///< hexadecimal
  std::string content_encoding;
  /// Proxies that the request names in X-Forwarded-For, Forwarded and Via.
  std::string proxies;
  /// The change that made the signature wrong, as an English sentence; empty if none was found or
  /// none was searched for.
  std::string damage;
};

/// Examines requests whose signature was wrong, and remembers the changes that were found most.
/// Thread-safe.
///
/// Anybody can send requests with wrong signatures, so the search for a change is limited: one
/// search in kPause, a few ms of CPU each, for bodies of at most kBodyBytesMax. A change counts
/// only if WeChat Pay's signature proves it, so a stranger cannot invent one.
class SignatureFaults {
 public:
  static constexpr std::chrono::seconds kPause{1};
  static constexpr std::size_t kBodyBytesMax = 16384;
  /// Largest number of faults in the list; a new one replaces the one with the fewest requests.
  static constexpr std::size_t kMost = 8;

  [[nodiscard]] SignatureEvidence examine(const Request& request, const Merchant& merchant,
                                          SteadyClock::time_point now);
  [[nodiscard]] std::vector<SignatureFault> list() const;

 private:
  [[nodiscard]] bool may_search(SteadyClock::time_point now);
  void note(std::string_view hop, std::string_view mchid, Damage damage);

  mutable std::mutex mutex_;
  // The lock `mutex_` guards the members below.
  std::optional<SteadyClock::time_point> searched_at_;
  std::vector<SignatureFault> faults_;
};

}  // namespace couponhook::server
