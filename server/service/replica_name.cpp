#include "server/service/replica_name.hpp"

#include <array>

#include <unistd.h>

namespace couponhook::server {

std::string replica_name() {
  constexpr std::size_t kHostMax = 64;  // HOST_NAME_MAX of Linux
  std::array<char, kHostMax + 1> host{};
  // What does not fit is cut; the last byte stays the end.
  static_cast<void>(::gethostname(host.data(), kHostMax));
  return std::string(host.data()) + ":" + std::to_string(::getpid());
}

}  // namespace couponhook::server
