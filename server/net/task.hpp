#pragma once

/// \file
/// Common Asio types: the executor, coroutine tasks, sockets and timers.

#include <chrono>
#include <exception>
#include <tuple>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace couponhook::server {

namespace asio = boost::asio;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

/// Executor of one thread's io_context. Every I/O object uses exactly this type, to avoid the
/// indirect calls of Asio's any_io_executor.
using Executor = asio::io_context::executor_type;
template <typename T>
using Task = asio::awaitable<T, Executor>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, Executor>;

/// Completion token of Asio, used as `auto [ec, n] = co_await socket.async_read_some(buffer,
/// use_task);` Errors are returned as values and not thrown.
///
/// GCC 12 destroys some temporary objects in co_await expressions twice (GCC PR95599, PR101367).
/// Therefore give every closure, aggregate and owning argument a name on its own line before
/// co_await.
inline constexpr auto use_task = asio::as_tuple(asio::use_awaitable_t<Executor>{});

}  // namespace couponhook::server
