#include "server/service/replica_name.hpp"

#include <array>

#include <unistd.h>

namespace couponhook::server {

std::string replica_name() {
  constexpr std::size_t kHostMax = 64;  // HOST_NAME_MAX of Linux, the longest host name
  std::array<char, kHostMax + 1> host{};
  // gethostname() truncates a host name that is too long. The last byte of the buffer stays 0 and
  // ends the text.
  static_cast<void>(::gethostname(host.data(), kHostMax));
  return std::string(host.data()) + ":" + std::to_string(::getpid());
}

}  // namespace couponhook::server
