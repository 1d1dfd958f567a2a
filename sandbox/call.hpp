#pragma once

/// \file
/// Requests to the sandbox, their answers and the sandbox's routing table, independent of HTTP.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.hpp"
#include "sandbox/api_error.hpp"
#include "sandbox/outbox.hpp"
#include "sandbox/records.hpp"
#include "server/net/routes.hpp"

namespace couponhook::server::sandbox {

/// The time at which a request arrived, on two clocks: wall-clock time, and the time of the retry
/// schedule, which runs faster (option --speed).
struct Moment {
  Time wall;
  ScheduleTime schedule;
};

/// A request to the sandbox, after its signature was checked. The memory to which the string views
/// point must outlive the handling of the request.
struct Call {
  std::string_view method;
  base::RequestTarget target;
  std::string_view body;
  /// Merchant that signed the request; empty if the path does not begin with /v3/.
  std::string mchid;
  std::vector<std::string> places;  ///< segments of the request's path that the "*" of the route
                                    ///< matched
  Moment now;
};

struct Answer {
  std::string body;
  bool is_file = false;  ///< true: the body is a downloaded file, sent without a signature
};

using Handler = std::function<Result<Answer>(const Call&)>;

using Routes = server::Routes<Handler>;

}  // namespace couponhook::server::sandbox
