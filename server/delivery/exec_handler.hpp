#pragma once

/// \file
/// The exec handler: runs a command for each event.

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "handlers/handler.hpp"

namespace couponhook::server {

struct ExecOptions {
  std::vector<std::string> command;  ///< the program, searched in PATH, and its arguments
  std::chrono::milliseconds timeout{2000};
  /// Largest number of bytes that a command may write to standard output. The limit of standard
  /// error is the same, but at least 64 KiB.
  std::size_t output_bytes_max = 4096;
};

/// Checks whether a program can be run.
/// \param program name or path; a name without a slash is searched in PATH.
/// \return the reason why the program cannot be run, and the remedy; empty if it can be run.
[[nodiscard]] std::string why_not_executable(const std::string& program);

/// Runs the configured command once for each event.
/// - Input: the event on standard input, in the same JSON as the http handler posts; its
///   identifiers in the environment variables COUPONHOOK_NOTIFICATION_ID, COUPONHOOK_EVENT_TYPE,
///   COUPONHOOK_MCHID and COUPONHOOK_ATTEMPT.
/// - Result: the exit code, as in sysexits.h. 0 means done. 65 (EX_DATAERR) means that this event
///   will never be accepted, so the delivery becomes dead. Any other code means retry.
/// - Output: standard output is read and dropped, because it may contain personal data. If the
///   command fails, the last lines of its standard error are stored with the delivery.
///
/// A command that exceeds its time limit or its output limit is killed with its whole process
/// group, and the event is retried. Background processes that a finished command leaves behind may
/// go on. Thread-safe.
class ExecHandler final : public handlers::Handler {
 public:
  explicit ExecHandler(ExecOptions options) : options_(std::move(options)) {}

  [[nodiscard]] handlers::Outcome handle(const handlers::HandledEvent& event) override;

 private:
  ExecOptions options_;
};

}  // namespace couponhook::server
