#pragma once

/// \file
/// Socket activation: takes over the listening sockets that systemd keeps open during a restart, so
/// that no client is refused.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>
#include <boost/system/result.hpp>

namespace couponhook::server {

/// Descriptors of the listening TCP sockets that systemd passed to this process: one for WeChat
/// Pay's notifications (listener), one for the status endpoint (admin).
struct PassedSockets {
  std::optional<int> listener;
  std::optional<int> admin;
};

/// Finds the listening sockets that systemd passed, by means of the environment variables
/// LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES. A passed socket must be named "listener" or "admin".
///
/// Source: sd_listen_fds(3) and systemd.socket(5), FileDescriptorName=.
/// \param environment returns the value of an environment variable.
/// \param self process id of this process; sockets passed to another process are ignored.
/// \param first number of the first passed descriptor: 3, except in tests.
/// \return no sockets if the variables are not set; an error that says what to change if a name is
///   unknown or a descriptor is not a listening TCP socket.
[[nodiscard]] boost::system::result<PassedSockets, std::string> passed_sockets(
    const std::function<std::optional<std::string>(std::string_view)>& environment, pid_t self,
    int first = 3);

}  // namespace couponhook::server
