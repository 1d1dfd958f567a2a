#pragma once

/// \file
/// Rate limits and injected errors of the sandbox.

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/api_error.hpp"
#include "sandbox/records.hpp"

namespace couponhook::server::sandbox {

/// An injected error for the next requests to a path.
struct PlannedError {
  std::string path;  ///< prefix of the path
  ApiError error;
  std::int64_t count;
};

/// Decides whether a request gets an error. Not thread-safe.
class RequestLimiter {
 public:
  /// \param requests_per_minute limit for each merchant; 0: no limit.
  explicit RequestLimiter(std::int64_t requests_per_minute) : per_minute_(requests_per_minute) {}

  void plan(PlannedError error) { planned_.push_back(std::move(error)); }

  /// \return the error for this request; nothing if the request may pass.
  [[nodiscard]] std::optional<ApiError> refuse(const std::string& mchid, std::string_view path,
                                               Time now);

 private:
  struct Window {
    Time begins;
    std::int64_t requests = 0;
  };

  std::int64_t per_minute_;
  std::map<std::string, Window> windows_;  // key: mchid
  std::list<PlannedError> planned_;
};

}  // namespace couponhook::server::sandbox
