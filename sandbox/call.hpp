#pragma once

/// \file
/// Requests to the sandbox (a simulated WeChat Pay), their answers and the table of routes,
/// independent of HTTP.

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

/// The time at which a request arrived, on two clocks: wall-clock time, and the time of WeChat
/// Pay's retry schedule, which the option --speed makes faster.
struct SandboxTime {
  Time wall;
  ScheduleTime schedule;
};

/// A request to the sandbox (a simulated WeChat Pay), after its signature was checked. The text to
/// which the string views point must live until the request is answered.
struct Call {
  std::string_view method;
  base::RequestTarget target;
  std::string_view body;
  /// Id of the merchant that signed the request. Empty if the path does not begin with /v3/,
  /// because such requests are not signed.
  std::string mchid;
  /// The parts of the request's path that stand in the place of each "*" in the route's pattern.
  std::vector<std::string> path_parameters;
  SandboxTime now;
  std::string_view content_type{};  ///< value of the Content-Type header
};

struct Answer {
  std::string body;
  /// True: the body of the answer is a downloaded file, sent without a signature.
  bool is_file = false;
  std::string_view file_type = "text/plain; charset=utf-8";  ///< Content-Type of such a file
};

using Handler = std::function<Result<Answer>(const Call&)>;

using Routes = server::Routes<Handler>;

}  // namespace couponhook::server::sandbox
