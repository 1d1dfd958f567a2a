#pragma once

/// \file
/// CPU time as the kernel accounts it: user and system, to the nanosecond.

#include <chrono>
#include <ctime>
#include <stdexcept>

#include <sys/types.h>

namespace couponhook::bench {

/// \param clock CLOCK_THREAD_CPUTIME_ID, CLOCK_PROCESS_CPUTIME_ID, or what process_clock() gave.
[[nodiscard]] inline std::chrono::nanoseconds cpu_time(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) throw std::runtime_error("a CPU clock cannot be read");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// The clock of all threads of another process: utime and stime of /proc/PID/stat, which are given
/// there in units too coarse for a short round.
[[nodiscard]] inline clockid_t process_clock(pid_t process) {
  clockid_t clock{};
  if (clock_getcpuclockid(process, &clock) != 0) throw std::runtime_error("no such process");
  return clock;
}

/// \return microseconds for each of `count` things that took `time`.
[[nodiscard]] inline double each(std::chrono::nanoseconds time, std::size_t count) {
  return std::chrono::duration<double, std::micro>(time).count() / static_cast<double>(count);
}

/// CPU microseconds of this thread for each call.
template <typename Function>
[[nodiscard]] double cpu_of_each(std::size_t calls, Function&& function) {
  // The first calls fill caches and learn branches, as a service has long done.
  for (std::size_t i = 0; i < calls / 10; ++i) function();
  const auto begun = cpu_time(CLOCK_THREAD_CPUTIME_ID);
  for (std::size_t i = 0; i < calls; ++i) function();
  return each(cpu_time(CLOCK_THREAD_CPUTIME_ID) - begun, calls);
}

}  // namespace couponhook::bench
