#pragma once

/// \file
/// Judges the answers of group robots, and of other receivers of alerts.

#include <chrono>
#include <optional>
#include <string>

#include "server/alert/alert_counters.hpp"
#include "server/config/alert_config.hpp"
#include "server/net/reply_parser.hpp"

namespace couponhook::server {

/// Meaning of the answer of a receiver.
struct AlertAnswer {
  AlertOutcome outcome = AlertOutcome::kFailed;
  /// The error and its remedy, for the log; empty if the message was sent. Contains no text of the
  /// answer, which may repeat the URL: the URL is a credential.
  std::string reason{};
  /// Least time before the next message; nothing: the caller's own backoff.
  std::optional<std::chrono::seconds> wait{};
};

/// Judges an answer by the vendor's code in its body: errors come with status 200 too.
/// \param now the current time, for a Retry-After header with a date.
[[nodiscard]] AlertAnswer judge_answer(AlertType type, const ClientReply& reply,
                                       std::chrono::system_clock::time_point now);

}  // namespace couponhook::server
