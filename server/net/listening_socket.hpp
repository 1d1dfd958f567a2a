#pragma once

/// \file
/// A listening socket: opened here, or passed on by a service manager.

#include <boost/asio/basic_socket_acceptor.hpp>

#include "server/net/task.hpp"

namespace couponhook::server {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

/// Binds and listens. Several sockets of one process may share an endpoint (SO_REUSEPORT): the
/// kernel gives each connection to one of them.
[[nodiscard]] error_code open_listening(Acceptor& acceptor,
                                        const asio::ip::tcp::endpoint& endpoint);

/// Accepts from a socket that listens already, through a descriptor of its own; `descriptor` stays
/// open and the caller's.
[[nodiscard]] error_code share_listening(Acceptor& acceptor, int descriptor);

/// Lets no further client begin to connect, while those whose handshake has begun still can be
/// accepted. Closing right away would reset these: they are connected as far as they know.
/// A newcomer hears nothing, and tries again a second later.
void turn_newcomers_away(Acceptor& acceptor);

}  // namespace couponhook::server
