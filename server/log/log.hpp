#pragma once

/// \file
/// The log: one line for each notification, with a fixed list of fields.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/config/config.hpp"
#include "server/verdict/verdict.hpp"
#include "storage/audit.hpp"
#include "storage/deliveries.hpp"

namespace couponhook::server {

/// Fields of the log line about one notification. There is no field for a body, a plaintext, a
/// signature, a key or an openid, so none of these can get into the log.
struct NotificationLine {
  Verdict verdict;
  std::string_view mchid;
  std::string_view id;
  std::string_view event_type;
  std::string_view serial;      ///< value of the Wechatpay-Serial header, as the sender wrote it
  std::string_view request_id;  ///< value of WeChat Pay's header Request-ID
  std::string_view peer;
  std::string_view detail;  ///< reason for the verdict, in words of this program
  // The four members below are set only if the signature was wrong.
  std::string_view body_sha256{};       ///< hexadecimal digest of the body
  std::string_view content_encoding{};  ///< value of the header Content-Encoding
  std::string_view hop{};               ///< IP address of the TCP client, such as the last proxy
  std::string_view proxies{};           ///< proxies that the request's headers name
  std::size_t body_bytes = 0;
  std::chrono::microseconds duration{};
};

/// Fields of the log line about one attempt to deliver a notification to a handler. The text
/// `error` comes from this program or from the handler.
struct DeliveryLine {
  storage::DeliveryResult result;
  std::int64_t delivery_id = 0;
  std::string_view handler;
  std::string_view id;  ///< id of the notification that is delivered
  std::string_view event_type;
  std::string_view mchid;
  std::string_view error;
  std::int64_t attempt = 1;
  /// False if the result of the attempt was ignored, because another worker had taken over the
  /// delivery.
  bool counted = true;
  std::int64_t took_us = 0;
};

/// Fields of the log line about requests that were refused because of their path or method.
struct RefusalLine {
  Verdict verdict;
  std::string_view method;
  /// Path of the requested URL without the query, because a query may hold any data.
  std::string_view path;
  std::string_view peer;
  /// Advice for the operator; may be empty.
  std::string_view advice{};
  /// Number of further requests with the same path and result since their last log line.
  std::uint64_t more = 0;
};

/// Writes log lines to standard output.
///
/// Each acknowledged notification has its own line. Other lines are limited to one a second for
/// each cause, after a first burst: refused notifications, failed deliveries, warnings and errors.
/// The next line of the cause, or a separate line, reports how many lines were suppressed.
///
/// A separate thread writes. If the reader of standard output is too slow, at most 8 MiB of lines
/// wait. Further lines are dropped, and a later line reports how many. So a slow reader never
/// delays a notification. Thread-safe.
class Log {
 public:
  /// Number of lines about events of the service, such as reloads, that may come at once. Their
  /// texts may all differ.
  static constexpr int kEventBurst = 100;

  explicit Log(const LogConfig& config);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void notification(const NotificationLine& line);
  void refusal(const RefusalLine& line);
  /// Writes one line about an attempt to deliver a notification: at level debug if the delivery is
  /// done, as a warning if it will be retried, as an error if it is dead (given up).
  void delivery(const DeliveryLine& line);
  /// Writes a log line about an event of the service, such as a reload.
  /// \param event a fixed word to search for.
  /// \param text must not contain personal data or secrets.
  /// \param burst number of lines of warnings or errors with this event that may come at once.
  ///   After that, there is one line a second.
  void message(Severity severity, std::string_view event, std::string_view text,
               int burst = kEventBurst);
  /// Writes the line about an operator's action, whatever the level is: actions are few, and must
  /// be seen.
  void audit(const storage::AuditRecord& record);
  /// Writes the line that says that the service is ready, with its version and its addresses.
  void started(std::string_view version, std::string_view listener, std::string_view admin);

  /// The levels, from the most lines to the fewest.
  static constexpr std::array<std::string_view, 5> kLevels{"trace", "debug", "info", "warn",
                                                           "error"};
  /// Changes which lines are written from now on.
  /// \param level one of kLevels.
  void set_level(const std::string& level);
  /// Returns the present level, one of kLevels.
  [[nodiscard]] std::string_view level() const;

  /// Waits until all earlier log lines are written, but only for half a second, because the reader
  /// of standard output may have stopped reading.
  void flush();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::server
