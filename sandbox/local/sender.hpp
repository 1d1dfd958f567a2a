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
  unsigned expected = 204;  ///< expected HTTP status of the reply; 200 and 204 are treated as equal
  std::size_t tag = 0;      ///< number by which the caller recognises the notification; not read by
                            ///< the sender
};

/// Result of sending one copy of a notification.
struct CopyResult {
  unsigned status = 0;  ///< HTTP status of the reply; 0: no reply came
  std::string detail;   ///< "code" in the body of an error reply, or the reason why there was no
                        ///< reply
  std::chrono::microseconds latency{};

  [[nodiscard]] bool is_as_expected(unsigned expected) const;
};

struct SendPlan {
  base::Url to;
  TlsContext tls;
  std::size_t connections = 1;
  unsigned copies = 1;  ///< number of copies of each notification, sent at the same time
  double rate = 0;      ///< notifications per second; 0: a notification is sent as soon as a
                        ///< connection is free
  Bad bad = Bad::kNone;
  std::chrono::milliseconds timeout{10000};
  std::uint64_t notifications = 1;  ///< expected number of notifications, for the progress display
};

/// Returns the next notification to be sent, or nothing after the last one. The sender calls this
/// function on its own threads, but never on two threads at the same time.
using NextOutgoing = std::function<std::optional<Outgoing>()>;
/// Receives the result of each copy of one notification. Called on the thread that called
/// send_all().
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
/// \return the totals of the run; an error if a connection could not be opened, so that nothing was
/// sent.
/// \throws any exception that the functions `next` and `take` or the notification maker throw.
[[nodiscard]] boost::system::result<Summary, ClientFailure> send_all(
    const SendPlan& plan, const NotificationMaker& maker, const NextOutgoing& next,
    const TakeResults& take, base::ProgressDisplay progress);

}  // namespace couponhook::server
