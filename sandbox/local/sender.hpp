#pragma once

/// \file
/// Sends notifications to a service over many connections, each in one or more copies, and counts
/// the replies.

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "base/progress.hpp"
#include "base/url.hpp"
#include "sandbox/local/notification_maker.hpp"
#include "sandbox/local/summary.hpp"
#include "server/net/http_client.hpp"
#include "server/net/tls_context.hpp"

namespace couponhook::server {

/// One notification to be sent, and the reply that is expected.
struct Outgoing {
  Draft draft;
  unsigned expected = 204;  ///< expected HTTP status of the reply; 200 and 204 count as equal
  /// Number by which the caller recognises this notification. The sender does not read the number.
  std::size_t tag = 0;
};

/// Result of sending one copy of a notification.
struct CopyResult {
  unsigned status = 0;  ///< HTTP status of the reply; 0: no reply came
  /// Member "code" in the body of an error reply, or the reason why no reply came.
  std::string detail;
  std::chrono::microseconds latency{};

  [[nodiscard]] bool is_as_expected(unsigned expected) const;
};

struct SendPlan {
  base::Url to;
  TlsContext tls;
  std::size_t connections = 1;
  unsigned copies = 1;  ///< number of copies of each notification that are sent at the same time
  /// Number of notifications to send per second. 0: the next notification is sent as soon as a
  /// connection is free.
  double rate = 0;
  Bad bad = Bad::kNone;
  std::chrono::milliseconds timeout{10000};
  /// Expected number of notifications; used only to show the progress.
  std::uint64_t notifications = 1;
};

/// Function that returns the next notification to be sent, or nothing after the last one.
/// send_all() calls this function on its own threads, but never on two threads at the same time.
using NextOutgoing = std::function<std::optional<Outgoing>()>;
/// Function that receives the results of all copies of one notification. It is called on the thread
/// that called send_all().
using TakeResults = std::function<void(const Outgoing&, const std::vector<CopyResult>&)>;

/// Sends every notification that the function `next` returns, and passes the results to the
/// function `take`.
///
/// All copies of a notification are signed before the first copy is sent. Then all copies are sent
/// at the same time, each over its own connection. If there are more copies than connections, the
/// remaining copies follow on the same connections. If there are fewer copies than connections,
/// several notifications are sent at the same time. All connections are open before the first
/// notification is sent.
///
/// \return the totals over all notifications. An error message if a connection could not be opened;
///   then nothing was sent.
/// \throws any exception that the functions `next` and `take` or the notification maker throw.
[[nodiscard]] boost::system::result<Summary, ClientFailure> send_all(
    const SendPlan& plan, const NotificationMaker& maker, const NextOutgoing& next,
    const TakeResults& take, base::ProgressDisplay progress);

}  // namespace couponhook::server
