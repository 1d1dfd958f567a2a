#include "server/admin/process_figures.hpp"

#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace couponhook::server {
namespace {

namespace fs = std::filesystem;

/// Reads CPU time, memory and start time from the file "stat" of a process.
/// \return the start of the process, in clock ticks since the machine started.
std::optional<double> read_stat(const fs::path& file, double ticks_per_second,
                                ProcessFigures& figures) {
  std::ifstream stat(file);
  std::string line;
  if (!std::getline(stat, line)) return std::nullopt;
  // The second field is the name of the program in brackets, which may hold spaces and brackets.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  // Fields 3 to 13 of proc(5): state to cmajflt.
  for (int field = 3; field <= 13; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  // Fields 16 to 21: cutime to itrealvalue.
  for (int field = 16; field <= 21; ++field) fields >> skipped;
  double started = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
  if (!(fields >> started >> virtual_bytes >> resident_pages)) return std::nullopt;
  figures.cpu_seconds = (user + system) / ticks_per_second;
  figures.virtual_bytes = virtual_bytes;
  figures.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return started;
}

/// Returns the time at which the machine started, in seconds since the Unix epoch.
std::optional<double> boot_time(const fs::path& file) {
  std::ifstream stat(file);
  std::string word;
  double seconds = 0;
  while (stat >> word) {
    if (word == "btime" && stat >> seconds) return seconds;
    stat.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

/// Counts the open files, with the descriptor through which the folder is read.
std::optional<std::uint64_t> count_open_files(const fs::path& folder) {
  std::error_code ec;
  std::uint64_t files = 0;
  for (fs::directory_iterator file(folder, ec); !ec && file != fs::directory_iterator();
       file.increment(ec)) {
    ++files;
  }
  if (ec) return std::nullopt;
  return files;
}

}  // namespace

ProcessFigures read_process_figures(const fs::path& proc) {
  ProcessFigures figures;
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto started = read_stat(proc / "self/stat", ticks_per_second, figures);
  const auto boot = boot_time(proc / "stat");
  if (started && boot) figures.start_time = *boot + *started / ticks_per_second;
  figures.open_files = count_open_files(proc / "self/fd");
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_open_files = limit.rlim_cur;
  return figures;
}

}  // namespace couponhook::server
