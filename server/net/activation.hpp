#pragma once

/// \file
/// Listening sockets that a service manager keeps open for us, so that a restart refuses nobody.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>
#include <boost/system/result.hpp>

namespace couponhook::server {

/// Descriptors of listening TCP sockets, by what they are for.
struct PassedSockets {
  std::optional<int> listener;
  std::optional<int> admin;
};

/// Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES; sockets are named "listener" or "admin".
///
/// Source: sd_listen_fds(3) and systemd.socket(5), FileDescriptorName=.
/// \param self our process id: what was passed to another is none of our business.
/// \param first the number of the first descriptor; 3, but for tests.
/// \return nothing passed where the variables are absent; an error that says what to change where a
///   name is unknown or a descriptor is no listening TCP socket.
[[nodiscard]] boost::system::result<PassedSockets, std::string> passed_sockets(
    const std::function<std::optional<std::string>(std::string_view)>& environment, pid_t self,
    int first = 3);

}  // namespace couponhook::server
