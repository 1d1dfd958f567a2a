#pragma once

/// \file
/// Sends notifications in bursts of copies over many connections, and counts what comes back.

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "sandbox/local/notification_maker.hpp"
#include "sandbox/local/summary.hpp"
#include "base/url.hpp"
#include "server/net/tls_context.hpp"
#include "base/progress.hpp"

namespace couponhook::server {

/// One notification to be sent.
struct Outgoing {
  Draft draft;
  unsigned expected = 204;  ///< 200 and 204 mean the same
  std::size_t tag = 0;      ///< the caller's own
};

/// What came back for one copy.
struct CopyResult {
  unsigned status = 0;  ///< 0: no reply
  std::string detail;   ///< the error reply's code, or why there was no reply
  std::chrono::microseconds latency{};

  [[nodiscard]] bool is_as_expected(unsigned expected) const;
};

struct SendPlan {
  base::Url to;
  TlsContext tls;
  std::size_t connections = 1;
  unsigned copies = 1;  ///< of each notification
  double rate = 0;      ///< notifications a second; 0: as fast as replies come
  Bad bad = Bad::kNone;
  std::chrono::milliseconds timeout{10000};
  std::uint64_t notifications = 1;  ///< how many there will be, for the progress display
};

/// Gives the next notification, or nothing when there are no more. Called from threads of the
/// sender's own, one at a time.
using NextOutgoing = std::function<std::optional<Outgoing>()>;
/// Takes the results of one notification's copies. Called on the thread that called send_all().
using TakeResults = std::function<void(const Outgoing&, const std::vector<CopyResult>&)>;

/// Sends everything that `next` gives.
///
/// All copies of a notification are made before the first of them is sent; then they go out at the
/// same moment, each over a connection of its own, as long as there are enough of these (else the
/// rest follows on the same ones). With fewer copies than connections, several notifications are
/// under way at once. Every connection is open before anything is sent.
///
/// \return an error in words where a connection could not be opened; nothing was sent then.
/// \throws what `next`, `take` or the maker throw.
[[nodiscard]] boost::system::result<Summary, std::string> send_all(const SendPlan& plan,
                                                                   const NotificationMaker& maker,
                                                                   const NextOutgoing& next,
                                                                   const TakeResults& take,
                                                                   base::ProgressDisplay progress);

}  // namespace couponhook::server
