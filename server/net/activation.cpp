#include "server/net/activation.hpp"

#include <algorithm>
#include <charconv>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace couponhook::server {
namespace {

using SocketsResult = boost::system::result<PassedSockets, std::string>;

std::optional<int> to_number(const std::optional<std::string>& text) {
  if (!text) return {};
  int value = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (ec != std::errc() || end != text->data() + text->size()) return {};
  return value;
}

int option_of(int descriptor, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool listens_for_tcp(int descriptor) {
  const int domain = option_of(descriptor, SO_DOMAIN);
  return (domain == AF_INET || domain == AF_INET6) &&
         option_of(descriptor, SO_PROTOCOL) == IPPROTO_TCP &&
         option_of(descriptor, SO_ACCEPTCONN) == 1;
}

}  // namespace

SocketsResult passed_sockets(
    const std::function<std::optional<std::string>(std::string_view)>& environment, pid_t self,
    int first) {
  PassedSockets sockets;
  const int count = to_number(environment("LISTEN_FDS")).value_or(0);
  if (to_number(environment("LISTEN_PID")) != self || count <= 0) return sockets;
  const std::string all_names = environment("LISTEN_FDNAMES").value_or("");
  std::string_view names = all_names;
  for (int descriptor = first; descriptor < first + count; ++descriptor) {
    const std::string_view name = names.substr(0, names.find(':'));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    const std::string which =
        "socket \"" + std::string(name) + "\", descriptor " + std::to_string(descriptor);
    if (name != "listener" && name != "admin") {
      return which +
             ": has an unknown name; set FileDescriptorName=listener or admin in its socket unit";
    }
    std::optional<int>& place = name == "admin" ? sockets.admin : sockets.listener;
    if (place) {
      return which +
             ": is the second of this name; one ListenStream= with BindIPv6Only=both takes "
             "IPv4 and IPv6";
    }
    if (!listens_for_tcp(descriptor)) {
      return which + ": is not a listening TCP socket; use ListenStream= with a port and Accept=no";
    }
    // No child process may inherit the listening socket: the child would keep the port occupied.
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    place = descriptor;
  }
  return sockets;
}

}  // namespace couponhook::server
