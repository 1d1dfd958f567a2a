#pragma once

/// \file
/// Runs a command for each event.

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "handlers/handler.hpp"

namespace couponhook::server {

struct ExecOptions {
  std::vector<std::string> command;  ///< program, looked up in PATH, and its arguments
  std::chrono::milliseconds timeout{2000};
  std::size_t output_bytes_max = 4096;  ///< of standard output; of standard error at least 64 KiB
};

/// \param program looked up as the handler does: in PATH where it has no slash.
/// \return why it cannot be run, and what to do; empty where nothing speaks against it.
[[nodiscard]] std::string why_not_executable(const std::string& program);

/// The command finds the event on standard input, as the http handler would post it, and what it is
/// called by in COUPONHOOK_NOTIFICATION_ID, COUPONHOOK_EVENT_TYPE, COUPONHOOK_MCHID and
/// COUPONHOOK_ATTEMPT. It speaks by its exit code, as sysexits.h has them: 0 is done, 65
/// (EX_DATAERR) says that this event will never be accepted, anything else that it should be tried
/// again. Its standard output is read and dropped, since it may hold people's data. The last lines
/// of its standard error are the outcome's detail where it fails.
///
/// Past its time, or with more output than it may have, it is killed with its whole process group,
/// and the event tried again. What it leaves behind when it ends by itself may go on. Thread-safe.
class ExecHandler final : public handlers::Handler {
 public:
  explicit ExecHandler(ExecOptions options) : options_(std::move(options)) {}

  [[nodiscard]] handlers::Outcome handle(const handlers::HandledEvent& event) override;

 private:
  ExecOptions options_;
};

}  // namespace couponhook::server
