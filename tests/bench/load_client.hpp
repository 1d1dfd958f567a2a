#pragma once

/// \file
/// Sends requests over many TLS connections from one thread, at little CPU cost.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "load_requests.hpp"
#include "sandbox/local/summary.hpp"
#include "server/net/tls_context.hpp"

namespace couponhook::bench {

struct ClientOptions {
  std::string address;
  std::uint16_t port = 0;
  server::TlsContext tls;
  std::size_t connections = 16;
  bool new_connections = false;  ///< true: a new connection and a full handshake for each request
  double rate = 0;               ///< limit of requests a second; 0: no limit
};

struct Outcome {
  std::map<unsigned, std::size_t> by_status;
  server::LatencyHistogram latencies;  ///< time from the first byte sent to the last one received
  std::chrono::nanoseconds duration{};
};

/// Sends all requests. Each connection sends its next request as soon as the previous one is
/// answered and the rate limit allows it. Connections that are kept alive are opened before the
/// clock starts.
/// \param begin called when the clock starts.
/// \throws std::runtime_error if a connection fails: no request is sent twice.
[[nodiscard]] Outcome send_requests(const ClientOptions& options, const Requests& requests,
                                    const std::function<void()>& begin);

}  // namespace couponhook::bench
