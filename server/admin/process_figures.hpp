#pragma once

/// \file
/// CPU time, memory and open files of this process, as Linux reports them in /proc.

#include <cstdint>
#include <filesystem>
#include <optional>

namespace couponhook::server {

/// Figures of this process. A figure is empty if the kernel does not report it.
struct ProcessFigures {
  std::optional<double> cpu_seconds;  ///< CPU time in user and kernel mode
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> resident_bytes;
  std::optional<double> start_time;  ///< start of the process, in seconds since the Unix epoch
  std::optional<std::uint64_t> open_files;
  std::optional<std::uint64_t> max_open_files;
};

/// Reads the figures of this process. Takes longer the more files are open, because each is a line
/// in /proc.
/// \param proc folder of the proc file system.
[[nodiscard]] ProcessFigures read_process_figures(const std::filesystem::path& proc = "/proc");

}  // namespace couponhook::server
