#pragma once

/// \file
/// Measures the CPU time of threads and processes, user and system time together, in nanoseconds.

#include <chrono>
#include <ctime>
#include <stdexcept>

#include <sys/types.h>

namespace couponhook::bench {

/// Returns the CPU time that a clock has counted, in nanoseconds.
/// \param clock CLOCK_THREAD_CPUTIME_ID, CLOCK_PROCESS_CPUTIME_ID, or a clock that process_clock()
///   returned.
[[nodiscard]] inline std::chrono::nanoseconds cpu_time(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) throw std::runtime_error("a CPU clock cannot be read");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// Returns the CPU clock of another process, which counts the time of all its threads. The values
/// utime and stime in /proc/PID/stat count the same time, but their unit (10 ms) is too coarse for
/// a short measurement.
[[nodiscard]] inline clockid_t process_clock(pid_t process) {
  clockid_t clock{};
  if (clock_getcpuclockid(process, &clock) != 0) throw std::runtime_error("no such process");
  return clock;
}

/// Returns the time for one item in microseconds, if `count` items together took `time`.
[[nodiscard]] inline double each(std::chrono::nanoseconds time, std::size_t count) {
  return std::chrono::duration<double, std::micro>(time).count() / static_cast<double>(count);
}

/// Calls `function` many times. Returns the CPU time of this thread for one call, in microseconds.
template <typename Function>
[[nodiscard]] double cpu_of_each(std::size_t calls, Function&& function) {
  // Call the function without measuring first. These calls fill the CPU's caches and train its
  // branch prediction, as in a running service.
  for (std::size_t i = 0; i < calls / 10; ++i) function();
  const auto begun = cpu_time(CLOCK_THREAD_CPUTIME_ID);
  for (std::size_t i = 0; i < calls; ++i) function();
  return each(cpu_time(CLOCK_THREAD_CPUTIME_ID) - begun, calls);
}

}  // namespace couponhook::bench
