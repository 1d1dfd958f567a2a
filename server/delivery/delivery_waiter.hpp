#pragma once

/// \file
/// Replies to WeChat Pay that wait for a handler (ack = "handled").

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/net/task.hpp"
#include "storage/deliveries.hpp"

namespace couponhook::server {

enum class Handled : std::uint8_t {
  kDone,    ///< by every handler that was asked for; recorded
  kFailed,  ///< by one of them at least, or held back by an operator
  kNotYet,  ///< nor known in time: in other hands, behind an earlier event, or the service ends
};

class HandledListener {
 public:
  virtual ~HandledListener() = default;
  /// Called once, on the worker's thread: post what takes time elsewhere.
  virtual void handled(Handled result) noexcept = 0;
};

/// A notification whose deliveries to some handlers are to be made now.
struct HandledRequest {
  std::string mchid;
  std::string notification_id;
  std::vector<std::string_view> handlers;  ///< names that live as long as the worker
  /// Those that came into the world leased to us; empty for a copy, whose deliveries are looked up.
  std::vector<storage::ClaimedDelivery> born_leased;
  std::shared_ptr<HandledListener> listener;
  SteadyClock::time_point until = SteadyClock::time_point::max();  ///< when nobody listens any more
};

/// Makes deliveries at once, each in no more than one call at a time: whoever asks for one that is
/// being made waits for the same call. Whoever asks for one that cannot be made at once is told
/// when it has been made here, or elsewhere, as long as somebody listens. Thread-safe.
class HandledDesk {
 public:
  virtual ~HandledDesk() = default;
  virtual void handle(HandledRequest&& request) = 0;
};

}  // namespace couponhook::server
