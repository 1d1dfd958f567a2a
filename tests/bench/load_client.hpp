#pragma once

/// \file
/// Load client of the benchmarks: sends requests over many TLS connections from one thread, and
/// uses little CPU itself.

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
  /// True: each request opens a new connection with a full TLS handshake.
  bool new_connections = false;
  double rate = 0;  ///< largest number of requests per second; 0: no limit
};

struct Outcome {
  std::map<unsigned, std::size_t> by_status;
  /// Latencies of the replies: the time from the first byte sent to the last byte of the reply.
  server::LatencyHistogram latencies;
  std::chrono::nanoseconds duration{};
};

/// Sends all requests and returns the counts and latencies of the replies. Each connection sends
/// its next request when the previous request is answered and the limit of requests per second
/// allows it. Connections that are used for several requests are opened before the measurement
/// starts.
/// \param begin function that is called when the measurement starts.
/// \throws std::runtime_error if a connection fails, because no request may be sent twice.
[[nodiscard]] Outcome send_requests(const ClientOptions& options, const Requests& requests,
                                    const std::function<void()>& begin);

}  // namespace couponhook::bench
