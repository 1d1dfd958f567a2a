#pragma once

/// \file
/// Tells in the log of requests for paths that no merchant has, and of connections that were closed
/// for others, without letting anybody fill it with them.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "server/log/log.hpp"

namespace couponhook::server {

/// One line a minute at most for each path and verdict. A few paths are remembered; requests for
/// any others have one line a minute together. Thread-safe.
class RefusalLog {
 public:
  static constexpr std::size_t kPathsMax = 32;
  static constexpr std::chrono::seconds kSilence{60};

  explicit RefusalLog(Log& log) : log_(log) {}

  /// \param line views that need not outlive the call; its `more` is set here.
  void note(const RefusalLine& line, SteadyClock::time_point now);
  void note_evictions(std::size_t connections, SteadyClock::time_point now);

 private:
  struct Told {
    SteadyClock::time_point at = SteadyClock::time_point::min();
    std::uint64_t since = 0;  ///< what was not told since then
  };
  /// \return whether to tell, and then what was not told before.
  static bool is_due(Told& told, std::uint64_t count, SteadyClock::time_point now,
                     std::uint64_t& untold);
  Told& remember(const RefusalLine& line, SteadyClock::time_point now);

  Log& log_;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::map<std::string, Told, std::less<>> by_path_;
  Told others_;
  Told evictions_;
};

}  // namespace couponhook::server
