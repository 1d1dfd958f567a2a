#pragma once

/// \file
/// The log: one line a notification, by an allow-list of fields.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "server/config/config.hpp"
#include "server/verdict/verdict.hpp"
#include "storage/deliveries.hpp"

namespace couponhook::server {

/// What may be told of one notification. There is no field for a body, a plaintext, a signature, a
/// key or an openid, so none can reach the log.
struct NotificationLine {
  Verdict verdict;
  std::string_view mchid;
  std::string_view id;
  std::string_view event_type;
  std::string_view serial;      ///< as claimed by the sender
  std::string_view request_id;  ///< WeChat Pay's Request-ID header
  std::string_view peer;
  std::string_view detail;  ///< why, in our own words
  std::size_t body_bytes = 0;
  std::chrono::microseconds duration{};
};

/// What may be told of one delivery. Reasons are ours or a handler's own words.
struct DeliveryLine {
  storage::DeliveryResult result;
  std::string_view handler;
  std::string_view id;  ///< of the notification
  std::string_view event_type;
  std::string_view mchid;
  std::string_view error;
  std::int64_t attempt = 1;
  bool counted = true;  ///< false: the lease had been taken over
  std::int64_t took_us = 0;
};

/// What may be told of requests that were refused for their path or method.
struct RefusalLine {
  Verdict verdict;
  std::string_view method;
  std::string_view path;  ///< without its query, which may hold anything
  std::string_view peer;
  std::uint64_t more = 0;  ///< requests like it since the last line
};

/// Notifications that are acknowledged have a line each. Of all else, one cause gives one line a
/// second at most, after a few at once where each tells of something else; the next line of the
/// cause, or one of its own, says how many were suppressed.
///
/// Writes to standard output from a thread of its own. A reader that does not keep up makes lines
/// be dropped, oldest first, and never makes a notification wait. Thread-safe.
class Log {
 public:
  explicit Log(const LogConfig& config);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void notification(const NotificationLine& line);
  void refusal(const RefusalLine& line);
  /// Told at debug where it is done, as a warning where it will be tried again, as an error where
  /// it is dead.
  void delivery(const DeliveryLine& line);
  /// \param event a word to search for; \param text without people's data or secrets.
  void message(Severity severity, std::string_view event, std::string_view text);
  /// Waits until what was told before is written, but not for long where nobody reads it.
  void flush();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::server
