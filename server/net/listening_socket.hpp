#pragma once

/// \file Opens a listening socket, or shares a listening socket that systemd has passed.

#include <string>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "server/net/task.hpp"

namespace couponhook::server {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

/// Binds a socket and listens on it. Several sockets of one process may share an endpoint
/// (SO_REUSEPORT); the kernel gives each connection to one of these sockets.
[[nodiscard]] error_code open_listening(Acceptor& acceptor,
                                        const asio::ip::tcp::endpoint& endpoint);

/// Accepts connections from a socket that already listens. The acceptor gets a duplicate of
/// `descriptor`; the caller still owns `descriptor` itself.
[[nodiscard]] error_code share_listening(Acceptor& acceptor, int descriptor);

/// Makes the kernel drop new connection attempts, while clients whose TCP handshake has begun can
/// still be accepted. Closing the socket at once would reset those clients, some of which already
/// see their connection as established. A new client gets no answer, and its TCP tries again after
/// about a second.
void reject_new_connections(Acceptor& acceptor);

/// Returns the URL of a listener, as a client writes it, for example https://127.0.0.1:8443.
[[nodiscard]] std::string url_of(bool tls, const asio::ip::tcp::endpoint& endpoint);

}  // namespace couponhook::server
