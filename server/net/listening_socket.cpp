#include "server/net/listening_socket.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace couponhook::server {

error_code open_listening(Acceptor& acceptor, const asio::ip::tcp::endpoint& endpoint) {
  using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  error_code ec;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor.set_option(ReusePort(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  return ec;
}

error_code share_listening(Acceptor& acceptor, int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return {errno, boost::system::system_category()};
  }
  const int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return {errno, boost::system::system_category()};
  error_code ec;
  acceptor.assign(address.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), own,
                  ec);
  return ec;
}

void reject_new_connections(Acceptor& acceptor) {
  // The socket filter sees each TCP segment from its header on. Byte 13 of the header holds the
  // flags (RFC 9293, section 3.1).
  constexpr unsigned kFlagsAt = 13;
  constexpr unsigned kWholeSegment = 0xFFFF'FFFF;
  std::array<sock_filter, 4> drop_syn{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlagsAt),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, TH_SYN, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, kWholeSegment),
  }};
  const sock_fprog program{static_cast<unsigned short>(drop_syn.size()), drop_syn.data()};
  // Errors of this call are ignored. If the kernel has no socket filters, the worst result is a
  // reset of the clients that connect just before the listening socket closes.
  ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

std::string url_of(bool tls, const asio::ip::tcp::endpoint& endpoint) {
  std::string host = endpoint.address().to_string();
  if (endpoint.address().is_v6()) host = "[" + host + "]";
  return (tls ? "https://" : "http://") + host + ":" + std::to_string(endpoint.port());
}

}  // namespace couponhook::server
