#pragma once

/// \file
/// A request to the sandbox, and its answer, without a word of HTTP.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.hpp"
#include "sandbox/api_error.hpp"
#include "sandbox/outbox.hpp"
#include "sandbox/records.hpp"

namespace couponhook::server::sandbox {

/// The two times that everything is given: the one that stands on letters, and the one that runs as
/// fast as the user likes.
struct Moment {
  Time wall;
  ScheduleTime schedule;
};

/// Views that must outlive the call.
struct Call {
  std::string_view method;
  base::RequestTarget target;
  std::string_view body;
  std::string mchid;                ///< who signed it; empty for /sandbox/
  std::vector<std::string> places;  ///< what stands at the route's stars
  Moment now;
};

struct Answer {
  std::string body;
  bool is_file = false;  ///< a download: not signed
};

using Handler = std::function<Result<Answer>(const Call&)>;

/// What is answered where.
class Routes {
 public:
  /// \param pattern a path in which "*" stands for any one segment.
  void add(std::string method, std::string_view pattern, Handler handler);

  struct Match {
    const Handler* handler = nullptr;  ///< null: see `allow`
    std::vector<std::string> places;
    std::string allow;  ///< the methods that the path has; empty: there is no such path
  };
  [[nodiscard]] Match find(std::string_view method, const base::RequestTarget& target) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> pattern;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace couponhook::server::sandbox
