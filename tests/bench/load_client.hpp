#pragma once

/// \file
/// Sends requests over many TLS connections from one thread, with as little work as will do.

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
  bool new_connections = false;  ///< one for each request, with a full handshake
  double rate = 0;               ///< requests a second; 0: as fast as they are answered
};

struct Outcome {
  std::map<unsigned, std::size_t> by_status;
  server::LatencyHistogram latencies;  ///< from the first byte sent to the last one received
  std::chrono::nanoseconds duration{};
};

/// Sends all requests, each connection its next one as soon as the last is answered and the rate
/// allows. Kept-alive connections are open before the clock starts.
/// \param begin called when the clock starts.
/// \throws std::runtime_error where a connection fails: nothing is sent twice.
[[nodiscard]] Outcome send_requests(const ClientOptions& options, const Requests& requests,
                                    const std::function<void()>& begin);

}  // namespace couponhook::bench
