#pragma once

/// \file
/// CPU time of threads and processes as the kernel counts it: user and system, in nanoseconds.

#include <chrono>
#include <ctime>
#include <stdexcept>

#include <sys/types.h>

namespace couponhook::bench {

/// \param clock CLOCK_THREAD_CPUTIME_ID, CLOCK_PROCESS_CPUTIME_ID, or a clock from process_clock().
[[nodiscard]] inline std::chrono::nanoseconds cpu_time(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) throw std::runtime_error("a CPU clock cannot be read");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// Returns the CPU clock of another process, all its threads together. It counts like utime and
/// stime of /proc/PID/stat, whose unit (10 ms) is too coarse for a short round.
[[nodiscard]] inline clockid_t process_clock(pid_t process) {
  clockid_t clock{};
  if (clock_getcpuclockid(process, &clock) != 0) throw std::runtime_error("no such process");
  return clock;
}

/// \return microseconds per item, if `count` items together took `time`.
[[nodiscard]] inline double each(std::chrono::nanoseconds time, std::size_t count) {
  return std::chrono::duration<double, std::micro>(time).count() / static_cast<double>(count);
}

/// Returns the CPU time of this thread per call, in microseconds.
template <typename Function>
[[nodiscard]] double cpu_of_each(std::size_t calls, Function&& function) {
  // Warm-up: the first calls fill the caches and train branch prediction, as in a running service.
  for (std::size_t i = 0; i < calls / 10; ++i) function();
  const auto begun = cpu_time(CLOCK_THREAD_CPUTIME_ID);
  for (std::size_t i = 0; i < calls; ++i) function();
  return each(cpu_time(CLOCK_THREAD_CPUTIME_ID) - begun, calls);
}

}  // namespace couponhook::bench
