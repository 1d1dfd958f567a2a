#pragma once

/// \file
/// Requests, answers and the routing table of the sandbox, independent of HTTP.

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

/// The two times of a request: wall-clock time, and schedule time (scaled by --speed).
struct Moment {
  Time wall;
  ScheduleTime schedule;
};

/// A request. The memory behind the views must outlive the call.
struct Call {
  std::string_view method;
  base::RequestTarget target;
  std::string_view body;
  std::string mchid;                ///< merchant that signed the request; empty outside /v3/
  std::vector<std::string> places;  ///< path segments that the route's "*" matched
  Moment now;
};

struct Answer {
  std::string body;
  bool is_file = false;  ///< true: a downloaded file, sent without a signature
};

using Handler = std::function<Result<Answer>(const Call&)>;

using Routes = server::Routes<Handler>;

}  // namespace couponhook::server::sandbox
