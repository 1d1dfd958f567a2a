#pragma once

/// \file
/// An example of a handler of one's own: copy it, and begin from here.

#include <fstream>
#include <mutex>
#include <string>

#include "handlers/handler_type.hpp"

namespace couponhook::examples {

/// Writes a line for each redeemed coupon into a file. An event may come again, after a crash or a
/// reply that was lost: the notification's id at the beginning of the line tells.
class Journal final : public handlers::Handler {
 public:
  explicit Journal(const std::string& file) : file_(file, std::ios::app) {}

  [[nodiscard]] bool is_open() const { return file_.is_open(); }

  /// Called from several threads, hence the mutex.
  [[nodiscard]] handlers::Outcome handle(const handlers::HandledEvent& event) override;

 private:
  std::mutex mutex_;
  std::ofstream file_;
};

/// For [[handler]] tables with type = "journal" and options.file = "…".
[[nodiscard]] boost::system::result<std::shared_ptr<handlers::Handler>, std::string> make_journal(
    const handlers::HandlerSettings& settings);

}  // namespace couponhook::examples
