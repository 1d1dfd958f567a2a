#pragma once

/// \file
/// Sends notifications in bursts of copies over many connections, and counts the replies.

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
#include "server/net/tls_context.hpp"

namespace couponhook::server {

/// One notification to be sent.
struct Outgoing {
  Draft draft;
  unsigned expected = 204;  ///< 200 and 204 are treated as equal
  std::size_t tag = 0;      ///< for the caller's own use
};

/// Result of sending one copy.
struct CopyResult {
  unsigned status = 0;  ///< HTTP status; 0: no reply
  std::string detail;   ///< the error reply's code, or the reason why there was no reply
  std::chrono::microseconds latency{};

  [[nodiscard]] bool is_as_expected(unsigned expected) const;
};

struct SendPlan {
  base::Url to;
  TlsContext tls;
  std::size_t connections = 1;
  unsigned copies = 1;  ///< number of copies of each notification
  double rate = 0;      ///< notifications per second; 0: the next one goes as soon as a connection
                        ///< is free
  Bad bad = Bad::kNone;
  std::chrono::milliseconds timeout{10000};
  std::uint64_t notifications = 1;  ///< expected total, for the progress display
};

/// Gives the next notification, or nothing at the end. The sender calls this on its own threads,
/// one call at a time.
using NextOutgoing = std::function<std::optional<Outgoing>()>;
/// Receives the results of one notification's copies. Called on the thread that called send_all().
using TakeResults = std::function<void(const Outgoing&, const std::vector<CopyResult>&)>;

/// Sends every notification that `next` gives.
///
/// All copies of a notification are signed before the first is sent. Then they go out at the same
/// time, each over its own connection. If there are more copies than connections, the remaining
/// copies follow on the same connections. If there are fewer, several notifications are sent at the
/// same time. All connections are open before the first notification is sent.
///
/// \return an error message if a connection could not be opened; then nothing was sent.
/// \throws what `next`, `take` or the maker throw.
[[nodiscard]] boost::system::result<Summary, std::string> send_all(const SendPlan& plan,
                                                                   const NotificationMaker& maker,
                                                                   const NextOutgoing& next,
                                                                   const TakeResults& take,
                                                                   base::ProgressDisplay progress);

}  // namespace couponhook::server
