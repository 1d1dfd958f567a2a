#pragma once

/// \file
/// Deadlines for many sessions at the price of one timer.

#include <chrono>

#include "server/net/task.hpp"

namespace couponhook::server {

/// The deadlines of one thread's sessions, looked at several times a second. A timer for each
/// operation would cost more than the operation; that a deadline acts up to one sweep late does not
/// matter where deadlines are seconds.
///
/// Not thread-safe: all of it happens on the thread of one io_context.
class Deadlines {
 public:
  /// Something with a deadline. In the list from construction to destruction.
  class Entry {
   public:
    explicit Entry(Deadlines& list);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    void expire_after(std::chrono::milliseconds duration) { at_ = SteadyClock::now() + duration; }
    void expire_at(SteadyClock::time_point at) { at_ = at; }
    void never() { at_ = SteadyClock::time_point::max(); }

   protected:
    virtual ~Entry();
    /// Called once when the deadline has passed; it is never again unless set anew.
    virtual void expired() = 0;

   private:
    friend class Deadlines;
    Deadlines* list_;
    Entry* previous_ = nullptr;
    Entry* next_ = nullptr;
    SteadyClock::time_point at_ = SteadyClock::time_point::max();
  };

  static constexpr std::chrono::milliseconds kSweepInterval{50};

  /// Calls expired() on every entry whose deadline is before `now`. An expired() may destroy its
  /// own entry, and no other.
  void sweep(SteadyClock::time_point now);

  /// From now on every deadline has passed, those included that are set later: whatever is waited
  /// for ends with the next sweep.
  void end() { ended_ = true; }

 private:
  Entry* first_ = nullptr;
  bool ended_ = false;
};

/// Sweeps until the io_context stops.
Task<void> sweep_for_ever(Deadlines& deadlines);

}  // namespace couponhook::server
