#pragma once

/// \file
/// Rate limits and injected errors of the sandbox's API.

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/api_error.hpp"
#include "sandbox/records.hpp"

namespace couponhook::server::sandbox {

/// An error that the sandbox injects: it is the reply to the next `count` requests to a path.
struct PlannedError {
  std::string path;  ///< beginning of the paths to which the error applies
  ApiError error;
  std::int64_t count;
};

/// Decides whether the reply to an API request is an error: an injected error, or 429 if the
/// merchant sends too many requests. Not thread-safe.
class RequestLimiter {
 public:
  /// \param requests_per_minute largest number of requests a minute from each merchant; 0: no
  /// limit.
  explicit RequestLimiter(std::int64_t requests_per_minute) : per_minute_(requests_per_minute) {}

  void plan(PlannedError error) { planned_.push_back(std::move(error)); }

  /// \return the error reply for this request; nothing if the request may be handled.
  [[nodiscard]] std::optional<ApiError> refuse(const std::string& mchid, std::string_view path,
                                               Time now);

 private:
  struct Window {
    Time begins;
    std::int64_t requests = 0;
  };

  std::int64_t per_minute_;
  // Current minute and request count of each merchant, by mchid.
  std::map<std::string, Window> windows_;
  std::list<PlannedError> planned_;
};

}  // namespace couponhook::server::sandbox
