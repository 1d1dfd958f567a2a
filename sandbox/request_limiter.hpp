#pragma once

/// \file
/// Rate limits and injected errors of the APIs of the sandbox (a simulated WeChat Pay).

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/api_error.hpp"
#include "sandbox/records.hpp"

namespace couponhook::server::sandbox {

/// An error that the sandbox (a simulated WeChat Pay) injects: the next `count` requests to a path
/// get this error as reply.
struct PlannedError {
  std::string path;  ///< beginning of the paths that get the injected error
  ApiError error;
  std::int64_t count;
};

/// Decides whether an API request gets an error as reply: an injected error, or the error 429 if
/// the merchant sends too many requests. Not thread-safe.
class RequestLimiter {
 public:
  /// \param requests_per_minute largest number of requests per minute that each merchant may send;
  ///   0: no limit.
  explicit RequestLimiter(std::int64_t requests_per_minute) : per_minute_(requests_per_minute) {}

  void plan(PlannedError error) { planned_.push_back(std::move(error)); }

  /// Checks whether a request may be answered.
  /// \return the error reply for the request; nothing if the request may be answered.
  [[nodiscard]] std::optional<ApiError> refuse(const std::string& mchid, std::string_view path,
                                               Time now);

 private:
  struct Window {
    Time begins;
    std::int64_t requests = 0;
  };

  std::int64_t per_minute_;
  // Number of requests in the current minute for each merchant; the key is the mchid (merchant
  // number).
  std::map<std::string, Window> windows_;
  std::list<PlannedError> planned_;
};

}  // namespace couponhook::server::sandbox
