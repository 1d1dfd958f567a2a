#pragma once

/// \file
/// Example of a handler that users write themselves, to copy and change: it writes a line to a text
/// file for each redeemed coupon.

#include <fstream>
#include <mutex>
#include <string>

#include "handlers/handler_type.hpp"

namespace couponhook::examples {

/// Handler that appends a line to a text file for each redeemed coupon. couponhook can pass the
/// same event again after a crash or a lost reply. Each line begins with the id of the
/// notification, so that the reader of the file can recognise repeated lines.
class Journal final : public handlers::Handler {
 public:
  explicit Journal(const std::string& file) : file_(file, std::ios::app) {}

  [[nodiscard]] bool is_open() const { return file_.is_open(); }

  /// Writes the line for one event to the journal's text file. Several worker threads call this
  /// function at the same time, so a mutex protects the file.
  [[nodiscard]] handlers::Outcome handle(const handlers::HandledEvent& event) override;

 private:
  std::mutex mutex_;
  std::ofstream file_;
};

/// Makes the journal handler from the configuration: from each [[handler]] table with type =
/// "journal" and options.file = "…".
[[nodiscard]] boost::system::result<std::shared_ptr<handlers::Handler>, std::string> make_journal(
    const handlers::HandlerSettings& settings);

}  // namespace couponhook::examples
