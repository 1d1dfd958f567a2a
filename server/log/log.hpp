#pragma once

/// \file
/// The log: one line for each notification, with a fixed list of fields.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "server/config/config.hpp"
#include "server/verdict/verdict.hpp"
#include "storage/deliveries.hpp"

namespace couponhook::server {

/// Fields of the log line about one notification. There is no field for a body, a plaintext, a
/// signature, a key or an openid, so none of these can get into the log.
struct NotificationLine {
  Verdict verdict;
  std::string_view mchid;
  std::string_view id;
  std::string_view event_type;
  std::string_view serial;      ///< Wechatpay-Serial header, as the sender wrote it
  std::string_view request_id;  ///< WeChat Pay's Request-ID header
  std::string_view peer;
  std::string_view detail;  ///< the reason, in words of this program
  std::size_t body_bytes = 0;
  std::chrono::microseconds duration{};
};

/// Fields of the log line about one attempt at a delivery. `error` is written by this program or by
/// a handler.
struct DeliveryLine {
  storage::DeliveryResult result;
  std::string_view handler;
  std::string_view id;  ///< id of the notification
  std::string_view event_type;
  std::string_view mchid;
  std::string_view error;
  std::int64_t attempt = 1;
  bool counted = true;  ///< false: another worker had taken over the lease
  std::int64_t took_us = 0;
};

/// Fields of the log line about requests that were refused because of their path or method.
struct RefusalLine {
  Verdict verdict;
  std::string_view method;
  std::string_view path;  ///< without the query, which may hold any data
  std::string_view peer;
  std::uint64_t more = 0;  ///< further requests like this one since its last line
};

/// Writes log lines to standard output.
///
/// Each acknowledged notification has its own line. Lines about refused notifications and failed
/// deliveries, warnings and errors are limited to one a second for each cause, after a first burst.
/// The next line of the cause, or a line of its own, reports how many lines were suppressed.
///
/// A separate thread writes. When the reader of standard output is too slow, new lines are dropped
/// once 8 MiB are waiting, and a line then reports how many. A slow reader never delays a
/// notification. Thread-safe.
class Log {
 public:
  explicit Log(const LogConfig& config);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void notification(const NotificationLine& line);
  void refusal(const RefusalLine& line);
  /// Writes one line about an attempt: at level debug when the delivery is done, as a warning when
  /// it will be retried, as an error when it is dead.
  void delivery(const DeliveryLine& line);
  /// Writes a line about an event of the service.
  /// \param event a fixed word to search for.
  /// \param text must not contain personal data or secrets.
  void message(Severity severity, std::string_view event, std::string_view text);
  /// Waits until all earlier lines are written, but only for half a second, because the reader of
  /// standard output may have stopped reading.
  void flush();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::server
