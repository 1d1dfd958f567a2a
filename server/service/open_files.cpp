#include "server/service/open_files.hpp"

#include <cstdint>

#include <sys/resource.h>

#include "server/net/listener_share.hpp"

namespace couponhook::server {
namespace {

/// Number of open files that are not connections: the store, logs, timers and listening sockets,
/// with a reserve.
constexpr std::uint64_t kOtherFiles = 100;

std::uint64_t raise_open_files_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  rlimit raised{limit.rlim_max, limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return limit.rlim_cur;
}

}  // namespace

std::string raise_open_file_limit(const Config& config) {
  const bool has_metrics = config.admin.metrics_port != 0;
  const std::uint64_t wanted = config.listener.max_connections + config.listener.max_refusals +
                               config.admin.max_connections * (has_metrics ? 2 : 1) +
                               ListenerShare::kLeavingMax + kOtherFiles;
  const std::uint64_t allowed = raise_open_files_limit();
  if (allowed >= wanted) return {};
  return "the limit of open files is " + std::to_string(allowed) + ", and " +
         std::to_string(wanted) +
         " would be needed for listener.max_connections; raise LimitNOFILE (ulimit -Hn) or lower "
         "max_connections";
}

}  // namespace couponhook::server
