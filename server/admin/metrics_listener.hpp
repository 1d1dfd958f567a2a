#pragma once

/// \file
/// Serves /metrics alone, on a listener of its own, so that Prometheus needs no access to the
/// status endpoint.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/net/http_message.hpp"
#include "server/net/task.hpp"

namespace couponhook::server {

/// Answers GET and HEAD requests for /metrics without a token, and all other requests with 404. One
/// reading of the metrics answers all requests that arrive meanwhile, because anybody who reaches
/// the listener can send them. Use this object on one thread only, the listener's.
class MetricsListener final : public RequestHandler {
 public:
  /// Reads the metrics in the text format of Prometheus, and calls `done` with the text on any
  /// thread. An empty text means that they could not be read.
  using Read = std::function<void(std::function<void(std::string text)> done)>;

  explicit MetricsListener(Read read) : read_(std::move(read)) {}

  [[nodiscard]] std::optional<Reply> refuse(std::string_view method, std::string_view target,
                                            std::string_view peer) const override;
  [[nodiscard]] Task<Reply> handle(const Request& request) override;
  [[nodiscard]] Reply fault(HttpFault fault, std::string_view peer,
                            std::string_view detail) override;

 private:
  class Reading;

  const Read read_;
  /// The reading that is under way; null or finished if there is none.
  std::shared_ptr<Reading> reading_;
};

}  // namespace couponhook::server
