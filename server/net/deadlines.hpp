#pragma once

/// \file
/// Deadlines of many network sessions, checked by one timer per thread.

#include <chrono>

#include "server/net/task.hpp"

namespace couponhook::server {

/// All deadlines of one thread's network sessions, checked every kSweepInterval. A timer for each
/// read or write would cost more CPU time than the read or write itself. A deadline may therefore
/// fire up to one interval late, which does not matter for timeouts of seconds.
///
/// Not thread-safe: used on the thread of one io_context.
class Deadlines {
 public:
  /// An object with a deadline. The object is in the list of deadlines from construction to
  /// destruction.
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
    /// Called once when the deadline of this object has passed. After that the object has no
    /// deadline until a new one is set.
    virtual void expired() = 0;

   private:
    friend class Deadlines;
    Deadlines* list_;
    Entry* previous_ = nullptr;
    Entry* next_ = nullptr;
    SteadyClock::time_point at_ = SteadyClock::time_point::max();
  };

  static constexpr std::chrono::milliseconds kSweepInterval{50};

  /// Calls expired() of every object whose deadline is at or before `now`. The function expired()
  /// may destroy its own object, but no other object with a deadline.
  void sweep(SteadyClock::time_point now);

  /// Makes all deadlines expire at the next sweep(), also deadlines that are set later. Used at
  /// shutdown: every wait then ends soon.
  void end() { ended_ = true; }

 private:
  Entry* first_ = nullptr;
  bool ended_ = false;
};

/// Checks all deadlines every kSweepInterval, by calling Deadlines::sweep(), until the io_context
/// stops.
Task<void> sweep_forever(Deadlines& deadlines);

}  // namespace couponhook::server
