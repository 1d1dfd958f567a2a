#pragma once

/// \file
/// Errors that depend on nothing but how often, or whether somebody asked for them.

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/api_error.hpp"
#include "sandbox/records.hpp"

namespace couponhook::server::sandbox {

/// An error that the next requests to a path are to get.
struct PlannedError {
  std::string path;  ///< what the path begins with
  ApiError error;
  std::int64_t count;
};

/// Not thread-safe.
class Gate {
 public:
  /// \param requests_per_minute of one merchant; 0: no limit.
  explicit Gate(std::int64_t requests_per_minute) : per_minute_(requests_per_minute) {}

  void plan(PlannedError error) { planned_.push_back(std::move(error)); }

  /// \return why this request gets no answer.
  [[nodiscard]] std::optional<ApiError> refuse(const std::string& mchid, std::string_view path,
                                               Time now);

 private:
  struct Window {
    Time begins;
    std::int64_t requests = 0;
  };

  std::int64_t per_minute_;
  std::map<std::string, Window> windows_;  // by mchid
  std::list<PlannedError> planned_;
};

}  // namespace couponhook::server::sandbox
